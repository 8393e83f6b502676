import ArgumentParser
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
        switch output {
        case .json: Terminal.output(try JSONText.pretty(value))
        case .text: Terminal.output(table().text(Terminal.standardOutput))
        case .markdown: Terminal.output(table().markdown)
        }
    }

    /// Writes a value as JSON, or as lines of text.
    func write(_ value: some Encodable, as lines: @autoclosure () -> [String]) throws {
        switch output {
        case .json: Terminal.output(try JSONText.pretty(value))
        case .text, .markdown: Terminal.output(lines().joined(separator: "\n"))
        }
    }
}

/// JSON as it is shown: keys sorted, slashes as they are.
enum JSONText {
    static func pretty(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// On one line.
    static func line(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
