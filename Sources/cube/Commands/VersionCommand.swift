import ArgumentParser
import CubeCore
import CubeText
import CubeVersion

struct VersionCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Say which version this is.",
        discussion: "`api` is the version of the HTTP interface that it speaks.")

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let version = VersionInfo()
        try output.write(version, as: ["cube \(version.version) (api v\(version.api))"])
    }
}
