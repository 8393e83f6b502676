import ArgumentParser
import CubeCore

struct SchemaCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Print the JSON Schema of manifests.",
        discussion: .flowing(
            """
            An editor that knows the schema completes and checks manifests while you write them. It is made from the table
            that reads the manifests, in the 2020-12 draft.

            Example:
              cube schema > cube.schema.json
            and in a manifest beside it: "$schema": "cube.schema.json"
            """))

    func run() async throws { Terminal.output(ManifestSchema.json()) }
}
