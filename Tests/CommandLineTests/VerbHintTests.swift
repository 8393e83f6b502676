import ArgumentParser
import CubeText
import Testing

@testable import cube

/// Tests the hints for commands of other programs.
@Suite struct VerbHintTests {
    @Test(arguments: VerbHint.hints.keys.sorted())
    func `each foreign command has a hint that names existing commands`(verb: String) throws {
        let hint = try #require(VerbHint.hint(for: verb.split(separator: " ").map(String.init)))
        for quoted in hint.split(separator: "`") where quoted.hasPrefix("cube ") {
            let words = quoted.split(separator: " ").dropFirst().map(String.init)
            let command = try #require(Self.commands.first { $0._commandName == words.first }, "\(quoted)")
            // A group of commands cannot run without a subcommand.
            guard !(command is any Command.Type) else { continue }
            let subcommand = try #require(words.dropFirst().first, "\(quoted) names a group alone")
            #expect(Self.names(of: command).contains(subcommand), "\(quoted)")
        }
    }

    private static var commands: [any ParsableCommand.Type] {
        CubeCommand.configuration.groupedSubcommands.flatMap(\.subcommands)
    }

    private static func names(of command: any ParsableCommand.Type) -> [String] {
        command.configuration.subcommands.map { $0._commandName }
    }

    @Test func `no command of Cube has a hint`() {
        for command in Self.commands {
            #expect(VerbHint.hint(for: [command._commandName]) == nil)
            for name in Self.names(of: command) { #expect(VerbHint.hint(for: [command._commandName, name]) == nil) }
        }
    }
}
