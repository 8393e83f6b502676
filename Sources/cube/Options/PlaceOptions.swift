import ArgumentParser
import CubeCore
import CubeReconciler
import SystemPackage

/// The manifests directory and the data directory.
struct PlaceOptions: ParsableArguments {
    @Option(
        name: .customLong("manifests"),
        help: ArgumentHelp("Directory of the manifests. (CUBE_MANIFESTS; default: manifests)", valueName: "dir"),
        completion: .directory)
    var manifestsOption: String?

    @Option(
        help: ArgumentHelp(
            "Where symbolic links in the manifests directory may point: inside it, or anywhere (for stow or Nix). (CUBE_LINKS; default: inside)",
            valueName: "inside|anywhere"))
    var links: LinkPolicy?

    @Option(
        name: .customLong("data-dir"),
        help: ArgumentHelp(
            "Directory for everything that Cube writes. (CUBE_DATA_DIR; default: .cube beside the manifests directory)",
            valueName: "dir"), completion: .directory)
    var dataOption: String?

    /// The absolute path of the manifests directory.
    var manifests: FilePath { manifestsOption.map(FilePath.absolute) ?? Self.standardManifests }

    /// The manifests directory of a command that is told no other.
    static var standardManifests: FilePath { .absolute(Environment.value("CUBE_MANIFESTS") ?? "manifests") }

    /// The file system of this machine, restricted to where links in manifests may point.
    ///
    /// - Throws: A usage error if `CUBE_LINKS` is neither `inside` nor `anywhere`.
    var files: LocalFileSystem {
        get throws {
            let named = try Environment.value("CUBE_LINKS").map { text in
                guard let links = LinkPolicy(rawValue: text) else {
                    throw ValidationError("CUBE_LINKS: \"\(text)\" must be inside or anywhere")
                }
                return links
            }
            return LocalFileSystem(links: links ?? named ?? .inside)
        }
    }

    var data: DataDirectory {
        if let dataOption { return DataDirectory(path: .absolute(dataOption)) }
        return .standard(beside: manifests)
    }

    /// A command that uses the same directories, as it can be typed in the current directory.
    ///
    /// - Parameter words: The command without the program and without these options, such as `up`.
    func command(_ words: String) -> String {
        let options = Self.words(["manifests": manifestsOption, "links": links?.rawValue, "data-dir": dataOption])
        return "`cube \(words)\(options)`"
    }

    /// The options that have a value as words of a shell command, each after a space.
    static func words(_ options: KeyValuePairs<String, String?>) -> String {
        options.compactMap { name, value in value.map { " --\(name) \($0.shellWord)" } }.joined()
    }
}

extension LinkPolicy: ExpressibleByArgument {}
