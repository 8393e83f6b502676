import ArgumentParser
import Glibc
import SystemPackage

struct InitCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Write a first manifest, with its explanation in it.",
        discussion: """
            Makes the directory of manifests where it is missing, and in it hello.json: a service that says hello every five
            seconds. A file that is there already is not touched.

            Example:
              cube init && cube up
            """)

    @OptionGroup var place: PlaceOptions

    func run() async throws {
        try place.manifests.makeDirectory()
        let file = place.manifests.appending("hello.json")
        guard !file.exists else {
            throw Failure("\(file) exists already", hint: "edit it, or remove it and run `cube init` again")
        }
        try AtomicFile.write(Array(Self.manifest.utf8), to: file, mode: 0o644)
        Terminal.output("Wrote \(file).")
        Terminal.output("Next: `cube up` runs it; edit the file meanwhile and see what happens.")
    }

    static let manifest = """
        {
          "$comment": "A workload: what should run. Its name is what you call it by, on the command line and in .cube/status.",
          "name": "hello",
          "command": ["sh", "-c", "while :; do echo \\"$GREETING from $CUBE_NAME/$CUBE_ORDINAL\\"; sleep 5; done"],
          "env": {"GREETING": "hello"},
          "replicas": 1,
          "cpu": 0.1,
          "memory": "16MiB",
          "restart": {"policy": "always"}
        }

        """
}
