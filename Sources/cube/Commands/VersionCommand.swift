import ArgumentParser
import CubeCore
import CubeText
import CubeVersion

struct VersionCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Show the version of Cube.",
        discussion: "`api` is the version of the HTTP API.")

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let version = VersionInfo()
        try output.write(version, as: ["cube \(version.version) (api v\(version.api))"])
    }
}
