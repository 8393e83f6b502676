import ArgumentParser
import Testing

@testable import cube

/// What is said to those who type the commands of other programs.
@Suite struct VerbHintTests {
    @Test(arguments: [
        "ps", "top", "rm", "exec", "rollback", "cordon", "uncordon", "get", "describe", "delete", "scale", "start",
        "stop", "run", "rollout", "edit", "log", "drain", "nodes", "node cordon", "task rm",
    ])
    func `a verb from elsewhere has a hint that names what there is here`(verb: String) throws {
        let hint = try #require(VerbHint.hint(for: verb.split(separator: " ").map(String.init)))
        for quoted in hint.split(separator: "`") where quoted.hasPrefix("cube ") {
            let words = quoted.split(separator: " ").map(String.init)
            let command = try #require(Self.commands.first { $0._commandName == words[1] })
            // A group of commands does nothing by itself.
            let isGroup = !(command is any Command.Type)
            if isGroup { #expect(Self.names(of: command).contains(words[2])) }
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
