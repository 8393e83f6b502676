import ArgumentParser
import CubeJSON
import CubeWorker
import Glibc

@main
enum Main {
    static func main() async {
        // A reader that went away ends a write, not the process.
        signal(SIGPIPE, SIG_IGN)
        OpenFileLimit.raise()
        do {
            try await run()
        } catch let code as ExitCode {
            exit(code.rawValue)
        } catch {
            exit(report(Failure(error)).rawValue)
        }
        exit(ExitStatus.success.rawValue)
    }

    private static func run() async throws {
        var command: any ParsableCommand
        do {
            if let topic = Array(CommandLine.arguments.dropFirst()).helpTopic { return try topic.show() }
            if let failure = unknownCommand(after: "help") { throw failure }
            command = try CubeCommand.parseAsRoot()
        } catch let failure as Failure {
            throw failure
        } catch {
            throw unknownCommand() ?? badUsage(error)
        }
        do {
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let code as ExitCode {
            throw code
        } catch let error where CubeCommand.exitCode(for: error) != .failure {
            if CubeCommand.exitCode(for: error).isSuccess { throw badUsage(error) }  // Help that was asked for.
            // Usage that only the command could judge.
            throw Failure(
                CubeCommand.message(for: error),
                hint: CommandLine.arguments.dropFirst().first.map { "`cube \($0) --help` says what it takes" },
                exitCode: .badUsage)
        } catch {
            var failure = Failure(error)
            failure.exitCode = failure.exitCode ?? (type(of: command) as? any Command.Type)?.statusOfErrors
            throw failure
        }
    }

    /// Help goes to standard output, what was wrong to standard error.
    private static func badUsage(_ error: any Error) -> ExitCode {
        let code = CubeCommand.exitCode(for: error)
        let message = CubeCommand.fullMessage(for: error)
        if code.isSuccess {
            Terminal.output(message)
        } else {
            Terminal.note(message.replacingPrefix("Error: ", with: "error: "))
        }
        return code
    }

    /// A first word that is no command, which the parser would only call unexpected.
    ///
    /// - Parameter help: the word before it, which the parser takes with any other; `nil`: it is the first word.
    private static func unknownCommand(after help: String? = nil) -> Failure? {
        let names = CubeCommand.configuration.groupedSubcommands.flatMap(\.subcommands).compactMap {
            $0.configuration.commandName
        }
        var words = CommandLine.arguments.dropFirst()
        if let help, words.popFirst() != help { return nil }
        guard let word = words.first, !word.hasPrefix("-"), word != "help", !names.contains(word)
        else { return nil }
        let nearest = Suggestion.nearest(to: word, among: names)
        return Failure(
            "there is no command \"\(word)\"",
            hint: nearest.map { "did you mean `cube \($0)`?" } ?? "`cube --help` lists the commands",
            exitCode: .badUsage)
    }

    private static func report(_ failure: Failure) -> ExitStatus {
        let terminal = Terminal.standardError
        Terminal.note("\(terminal.styled("error:", .red)) \(failure.message)")
        if let hint = failure.hint { Terminal.note("\(terminal.styled("hint:", .cyan)) \(hint)") }
        return failure.exitCode ?? .error
    }
}

extension String {
    fileprivate func replacingPrefix(_ prefix: String, with other: String) -> String {
        hasPrefix(prefix) ? other + dropFirst(prefix.count) : self
    }
}
