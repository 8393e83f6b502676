import ArgumentParser
import CubeCore
import CubeSystem
import CubeText
import CubeTypes
import Glibc
import SystemPackage

struct InitCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Write a first manifest, with comments.",
        discussion: .flowing(
            """
            Creates the manifests directory if necessary, and in it NAME.json, a service that prints a greeting every
            five seconds. An existing file is never overwritten.

            Examples:
              cube init && cube up
              cube init web
            """))

    @Argument(help: "Name of the workload. (default: hello)", transform: WorkloadName.parse)
    var name = WorkloadName(rawValue: "hello")!
    @OptionGroup var place: PlaceOptions

    func run() async throws {
        try place.manifests.makeDirectory(permissions: .executableByAll)
        let file = place.manifests.appending("\(name).json")
        guard !file.exists else {
            throw Failure("\(file) already exists", hint: "edit it, or write another manifest with `cube init NAME`")
        }
        try NamedFile.write(Array(Self.manifest(of: name).utf8), to: file, permissions: .readableByAll)
        Terminal.output("Wrote \(file).")
        Terminal.output("Next: start it with \(place.command("up")), then edit the file and see what happens.")
    }

    static func manifest(of name: WorkloadName) -> String {
        """
        {
          "$comment": "A workload. Its name identifies it on the command line and in .cube/status.",
          "name": "\(name)",
          "command": ["sh", "-c", "while :; do echo \\"$GREETING from $CUBE_NAME/$CUBE_ORDINAL\\"; sleep 5; done"],
          "env": {"GREETING": "hello"},
          "replicas": 1,
          "cpu": 0.1,
          "memory": "16MiB",
          "restart": {"policy": "always"}
        }

        """
    }
}
