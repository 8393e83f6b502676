import ArgumentParser
import CubeCore
import CubeText

struct SchemaCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Print the JSON Schema of manifests, or their reference documentation.",
        discussion: .flowing(
            """
            With the schema (draft 2020-12), an editor completes and checks manifests as you type. The schema and the
            reference are generated from the tables that the decoder uses.

            Examples:
              cube schema > cube.schema.json
              cube schema -o markdown > manifests.md
            In a manifest in a directory below, add: "$schema": "../cube.schema.json"
            Among the manifests, the schema itself would be read as a manifest.

            `cube help manifest` shows the reference on a terminal.
            """))

    /// JSON selects the schema; text and Markdown select the reference.
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
