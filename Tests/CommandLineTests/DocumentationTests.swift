import ArgumentParser
import Foundation
import Testing

@testable import cube

/// The documents name commands, options and variables that there are.
@Suite struct DocumentationTests {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    static let documents =
        ["README.md"]
        + [
            "Access", "Commands", "Decisions", "Design", "Discovery", "GettingStarted", "Git", "Import", "Manifests",
            "Operating",
        ]
        .map {
            "Sources/cube/cube.docc/\($0).md"
        }

    private static var commands: [any ParsableCommand.Type] {
        CubeCommand.configuration.groupedSubcommands.flatMap(\.subcommands)
    }

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    /// The first cells of a table's rows, below a heading.
    private static func rows(below heading: String, in article: String) throws -> [String] {
        let lines = try text("Sources/cube/cube.docc/\(article).md").split(separator: "\n")
        let section = lines.drop { $0 != "## \(heading)" }.dropFirst().prefix { !$0.hasPrefix("## ") }
        return section.compactMap { $0.firstMatch(of: /^\| `(\w+)`/).map { String($0.1) } }
    }

    /// All commands, with those of groups.
    private static var allCommands: [any ParsableCommand.Type] {
        var (rest, all) = ([CubeCommand.self as any ParsableCommand.Type], [any ParsableCommand.Type]())
        while let command = rest.popLast() {
            all.append(command)
            rest += command.configuration.subcommands
        }
        return all
    }

    /// Without a name, the argument parser asks the runtime for the name of the type, which costs more than all other parsing.
    @Test func `each command has a name of its own`() {
        for command in Self.allCommands { #expect(command.configuration.commandName != nil, "\(command)") }
        #expect(Self.allCommands.count > Self.commands.count + 20)
    }

    @Test func `no example in a help text is wider than 80 columns`() {
        var examples = 0
        for command in Self.allCommands {
            for line in command.configuration.discussion.split(separator: "\n") where line.hasPrefix("  ") {
                examples += 1
                #expect(line.count <= 80, "\(command): \(line)")
            }
        }
        #expect(examples > 20)
    }

    @Test func `the article about commands has a row for each command`() throws {
        let names = Self.commands.map { $0._commandName }
        #expect(try Self.rows(below: "Commands", in: "Commands").sorted() == names.sorted())
    }

    @Test func `the article about commands has a row for each variable that the program reads`() throws {
        let sources = Self.root.appending(path: "Sources/cube")
        let files = try FileManager.default.subpathsOfDirectory(atPath: sources.path).filter { $0.hasSuffix(".swift") }
        let read = try files.flatMap { file in
            try Self.text("Sources/cube/\(file)").matches(of: /"(CUBE_[A-Z_]+|DOCKER_HOST)"/).map { String($0.1) }
        }
        #expect(try Set(Self.rows(below: "Environment variables", in: "Commands")) == Set(read))
    }

    @Test(arguments: DocumentationTests.documents)
    func `the program takes every command in a block of code`(document: String) throws {
        for line in try Self.blockCommands(of: Self.text(document)) where line.first != "help" {
            do { _ = try CubeCommand.parseAsRoot(line) } catch {
                Issue.record("cube \(line.joined(separator: " ")): \(CubeCommand.message(for: error))")
            }
        }
    }

    @Test(arguments: DocumentationTests.documents)
    func `a command that a sentence names exists with its options`(document: String) throws {
        for words in try Self.inlineCommands(of: Self.text(document)) {
            if let problem = Self.problem(with: words) {
                Issue.record("cube \(words.joined(separator: " ")): \(problem)")
            }
        }
    }

    @Test func `a command that nobody knows is found in blocks and sentences`() {
        let text = """
            Say `cube
            state web` or:

                cube status --wait > file
                cube stat && cube up
            """
        #expect(Self.inlineCommands(of: text) == [["state", "web"]])
        #expect(Self.blockCommands(of: text) == [["status", "--wait"], ["stat"]])
        #expect(throws: (any Error).self) { try CubeCommand.parseAsRoot(["stat"]) }
        #expect(Self.problem(with: ["state", "web"]) == "there is no such command")
        #expect(Self.problem(with: ["status", "--await"]) == "there is no option --await")
        #expect(Self.problem(with: ["node", "fire", "NODE"]) == "there is no such command")
        #expect(Self.problem(with: ["node", "forget", "NODE"]) == nil)
        #expect(Self.problem(with: ["manager", "token", "create", "ci", "--role", "read"]) == nil)
        #expect(Self.problem(with: ["manager", "token", "grant", "ci"]) == "there is no such command")
    }

    /// The commands that stand on lines of their own, without what a shell does with them.
    private static func blockCommands(of text: String) -> [[String]] {
        text.split(separator: "\n").filter { $0.hasPrefix("    cube ") }.map { line in
            let words = line.split(separator: " ").dropFirst()
            return words.prefix { !["&&", ">", "|"].contains($0) }.map(String.init)
        }
    }

    private static func inlineCommands(of text: String) -> [[String]] {
        text.matches(of: /`cube\s([^`]+)`/).map { $0.1.split(whereSeparator: \.isWhitespace).map(String.init) }
    }

    private static func problem(with words: [String]) -> String? {
        guard words[0] != "help" else { return nil }
        var found = commands.first { $0._commandName == words[0] }
        for word in words.dropFirst() {
            guard let group = found, !group.configuration.subcommands.isEmpty else { break }
            let inner = group.configuration.subcommands.first { $0._commandName == word }
            guard inner != nil || !(group is any Command.Type) else { break }
            found = inner
        }
        guard let command = found else { return "there is no such command" }
        let help = CubeCommand.helpMessage(for: command, includeHidden: true)
        return words.first { $0.hasPrefix("-") && !help.contains($0) }.map { "there is no option \($0)" }
    }
}
