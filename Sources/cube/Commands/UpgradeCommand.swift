import ArgumentParser
import CubeText
import CubeVersion
import SystemPackage

struct UpgradeCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "upgrade", abstract: "Explain how to upgrade Cube, and compare this version with a release.",
        discussion: .flowing(
            """
            Cube never looks for a newer version by itself, and this command connects to nothing. To compare, download
            the SHA256SUMS of a release and name the file. To upgrade a workload, edit its manifest.

            Examples:
              cube upgrade
              cube upgrade --check --against SHA256SUMS

            Exit codes of --check: 0 this program is up to date, 1 error, 2 the release is newer.
            """))

    @Flag(help: "Compare the version of this program with the release that --against names.")
    var check = false
    @Option(
        help: ArgumentHelp("The SHA256SUMS of a release, or any file that lists its packages.", valueName: "file"),
        completion: .file())
    var against: String?

    func validate() throws {
        guard check == (against != nil) else {
            throw ValidationError(
                "--check and --against must be given together: Cube compares with a file, and downloads nothing")
        }
    }

    func run() async throws {
        guard let against else {
            Terminal.output(Self.steps)
            return
        }
        let path = FilePath.absolute(against)
        guard let bytes = try NamedFile.read(path) else { throw Failure("\(path): no such file") }
        guard let release = Self.newestRelease(in: String(decoding: bytes, as: UTF8.self)) else {
            throw Failure(
                "\(path) lists no package of Cube",
                hint: "name the SHA256SUMS of a release, with lines such as `… cube-1.2.3-linux-x86_64.tar.gz`")
        }
        guard ProductVersion.semantic < release else {
            Terminal.output("cube \(ProductVersion.current) is up to date: the release is \(release.description)")
            return
        }
        Terminal.output("cube \(release.description) is newer than this program (\(ProductVersion.current))")
        throw ExitCode(ExitStatus.changes.rawValue)
    }

    /// Returns the newest version of Cube whose archive a list of files contains, as `cube-VERSION-linux-…`; `nil` if there is none.
    static func newestRelease(in list: String) -> SemanticVersion? {
        let names = list.split { $0.isWhitespace || $0 == "/" || $0 == "*" }
        return names.compactMap { name -> SemanticVersion? in
            guard name.hasPrefix("cube-") else { return nil }
            let rest = name.dropFirst("cube-".count)
            return rest.firstRange(of: "-linux-").flatMap { SemanticVersion(String(rest[..<$0.lowerBound])) }
        }.max()
    }

    private static let steps: [TextLine] = [
        "1. Compare: download the SHA256SUMS of the newest release, then `cube upgrade --check --against SHA256SUMS`.",
        "2. Back up the store: `cube manager backup FILE`.",
        "3. Install the package: `apt install ./cube_VERSION_ARCH.deb` also restarts the units. With the archive, unpack it over",
        "   the old files and restart the units, or end `cube up` and start it again.",
        "Tasks keep running throughout. Begin with the manager, then the workers; `cube version` shows what works together.",
    ]
}
