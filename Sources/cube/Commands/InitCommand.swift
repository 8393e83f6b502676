import ArgumentParser
import CubeCore
import CubeText
import CubeTypes
import Glibc
import SystemPackage

struct InitCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Write a first manifest, with its explanation in it.",
        discussion: .flowing(
            """
            Makes the directory of manifests where it is missing, and in it NAME.json: a service that says hello every five
            seconds. A file that is there already is not touched.

            Examples:
              cube init && cube up
              cube init web
            """))

    @Argument(help: "What the workload is to be called.", transform: WorkloadName.parse)
    var name = WorkloadName(rawValue: "hello")!
    @OptionGroup var place: PlaceOptions

    func run() async throws {
        try place.manifests.makeDirectory()
        let file = place.manifests.appending("\(name).json")
        guard !file.exists else {
            throw Failure("\(file) exists already", hint: "edit it, or write another one: `cube init NAME`")
        }
        try AtomicFile.write(Array(Self.manifest(of: name).utf8), to: file, mode: 0o644)
        Terminal.output("Wrote \(file).")
        Terminal.output("Next: `cube up` runs it; edit the file meanwhile and see what happens.")
    }

    static func manifest(of name: WorkloadName) -> String {
        """
        {
          "$comment": "A workload: what should run. Its name is what you call it by, on the command line and in .cube/status.",
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
