import ArgumentParser
import CubeCore
import CubeJSON
import CubeText
import FoundationEssentials

/// The format of a command's output.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case text, json, markdown
}

struct OutputOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "Output format: text, json or markdown.")
    var output: OutputFormat = .text

    /// Writes a value as JSON, or its table as text or Markdown.
    func write(_ value: some Encodable, as table: @autoclosure () -> Table) throws {
        let table = table()
        try write(value, text: table.lines(), markdown: table.markdown)
    }

    /// Writes a value as JSON, or as lines of text. As Markdown, the lines are a code block.
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

/// JSON for people and files: sorted keys, unescaped slashes, and no characters that a terminal would interpret.
enum JSONText {
    static func pretty(_ value: some Encodable) throws -> String {
        String(decoding: JSONLayout.indented(Array(try encoder.encode(value))), as: UTF8.self)
    }

    /// JSON on one line.
    static func line(_ value: some Encodable) throws -> String {
        String(decoding: JSONLayout.line(Array(try encoder.encode(value))), as: UTF8.self)
    }

    private static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}
