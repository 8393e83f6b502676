import ArgumentParser
import CubeCore
import CubeJSON
import CubeText
import FoundationEssentials

/// The form in which results are written.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case text, json, markdown
}

struct OutputOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "The form of the result: text, json or markdown.")
    var output: OutputFormat = .text

    /// Writes a value as JSON, or the table that shows it.
    func write(_ value: some Encodable, as table: @autoclosure () -> Table) throws {
        let table = table()
        try write(value, text: table.lines(), markdown: table.markdown)
    }

    /// Writes a value as JSON, or as lines of text; as Markdown they are a block of code.
    func write(_ value: some Encodable, as lines: @autoclosure () -> [TextLine]) throws {
        let lines = lines()
        try write(value, text: lines, markdown: MarkdownLine.fenced(lines))
    }

    func write(
        _ value: some Encodable, text: @autoclosure () -> [TextLine], markdown: @autoclosure () -> [MarkdownLine]
    ) throws {
        switch output {
        case .json: Terminal.output(json: try JSONText.pretty(value))
        case .text: Terminal.output(text())
        case .markdown: Terminal.output(markdown())
        }
    }
}

/// JSON as it is shown and written: keys sorted, slashes as they are, and nothing in it that a terminal would obey.
enum JSONText {
    static func pretty(_ value: some Encodable) throws -> String {
        String(decoding: JSONLayout.indented(try encoder.encode(value)), as: UTF8.self)
    }

    /// On one line.
    static func line(_ value: some Encodable) throws -> String {
        String(decoding: JSONLayout.line(try encoder.encode(value)), as: UTF8.self)
    }

    private static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}
