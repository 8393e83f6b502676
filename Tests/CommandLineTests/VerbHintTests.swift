import ArgumentParser
import CubeText
import Testing

@testable import cube

/// What is said to those who type the commands of other programs.
@Suite struct VerbHintTests {
    @Test(arguments: VerbHint.hints.keys.sorted())
    func `a verb from elsewhere has a hint that names what there is here`(verb: String) throws {
        let hint = try #require(VerbHint.hint(for: verb.split(separator: " ").map(String.init)))
        for quoted in hint.split(separator: "`") where quoted.hasPrefix("cube ") {
            let words = quoted.split(separator: " ").dropFirst().map(String.init)
            let command = try #require(Self.commands.first { $0._commandName == words.first }, "\(quoted)")
            // A group of commands does nothing by itself.
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

    @Test func `no command of ours is one from elsewhere`() {
        for command in Self.commands {
            #expect(VerbHint.hint(for: [command._commandName]) == nil)
            for name in Self.names(of: command) { #expect(VerbHint.hint(for: [command._commandName, name]) == nil) }
        }
    }
}
