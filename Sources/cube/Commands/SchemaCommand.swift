import ArgumentParser
import CubeCore
import CubeText

struct SchemaCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Print the JSON Schema of manifests, or their reference.",
        discussion: .flowing(
            """
            An editor that knows the schema completes and checks manifests while you write them. The schema (draft 2020-12)
            and the reference are generated from the table that reads the manifests.

            Examples:
              cube schema > cube.schema.json
              cube schema -o markdown > manifests.md
            and in a manifest beside the schema: "$schema": "cube.schema.json"

            `cube help manifest` shows the reference on a terminal.
            """))

    /// The schema is JSON, and the reference is text; there is no third thing.
    enum Form: String, ExpressibleByArgument, CaseIterable {
        case json, text, markdown
    }

    @Option(name: .shortAndLong, help: "json prints the JSON Schema; text and markdown print the reference.")
    var output: Form = .json

    func run() async throws {
        switch output {
        case .json: Terminal.output(verbatim: ManifestSchema.json())
        case .text: ManifestReferenceText.show()
        case .markdown: Terminal.output(verbatim: ManifestReferenceText.whole.markdown)
        }
    }
}
