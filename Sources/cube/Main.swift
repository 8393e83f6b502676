import ArgumentParser
import CubeCore
import CubeJSON
import CubeText
import CubeWorker
import Glibc

@main
enum Main {
    static func main() async {
        // A closed pipe makes a write fail with EPIPE instead of ending the process.
        signal(SIGPIPE, SIG_IGN)
        OpenFileLimit.raise()
        // libdispatch asks for priorities that only root may give its threads, and would log each refusal to the journal.
        setenv("LIBDISPATCH_LOG", "NO", 0)
        var statusOfErrors = ExitStatus.error
        var status = ExitStatus.success.rawValue
        do {
            try await run(&statusOfErrors)
        } catch let code as ExitCode {
            status = code.rawValue
        } catch {
            status = report(Failure(error)).rawValue
        }
        // A result that is not complete must not look like one, even if the command did what it should.
        if let error = Terminal.outputError {
            status = report(Failure("cannot write to standard output: \(error)", exitCode: statusOfErrors)).rawValue
        }
        exit(status)
    }

    /// - Parameter statusOfErrors: Set to the exit code that the command uses for errors, once the command is known.
    private static func run(_ statusOfErrors: inout ExitStatus) async throws {
        var command: any ParsableCommand
        do {
            if let topic = Array(CommandLine.arguments.dropFirst()).helpTopic { return try topic.show() }
            if let failure = unknownCommand(after: "help") { throw failure }
            command = try CubeCommand.parseAsRoot()
        } catch let failure as Failure {
            throw failure
        } catch {
            throw unknownCommand() ?? badUsage(error, CubeCommand.exitCode(for: error))
        }
        let status = (type(of: command) as? any Command.Type)?.statusOfErrors
        statusOfErrors = status ?? .error
        do {
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let code as ExitCode {
            throw code
        } catch {
            // Asked once: the parser makes the text of the help for each question about an error.
            let code = CubeCommand.exitCode(for: error)
            if code.isSuccess { throw badUsage(error, code) }  // The user asked for help.
            // A usage error that only the command itself could detect.
            if code != .failure {
                throw Failure(
                    CubeCommand.message(for: error),
                    hint: CommandLine.arguments.dropFirst().first.map { "`cube \($0) --help` lists the arguments" },
                    exitCode: .badUsage)
            }
            var failure = Failure(error)
            failure.exitCode = failure.exitCode ?? status
            throw failure
        }
    }

    /// Prints requested help to standard output, and a usage error to standard error.
    private static func badUsage(_ error: any Error, _ code: ExitCode) -> ExitCode {
        let message = CubeCommand.fullMessage(for: error)
        if code.isSuccess {
            Terminal.output(verbatim: message)
        } else {
            for line in TextLine.lines(of: message.replacingPrefix("Error: ", with: "error: ")) { Terminal.note(line) }
        }
        return code
    }

    /// A failure for a first argument that is not a command. The parser would only call it unexpected, without a hint.
    ///
    /// - Parameter help: The argument that precedes the command name (`help`); `nil` if the command name comes first.
    private static func unknownCommand(after help: String? = nil) -> Failure? {
        var words = CommandLine.arguments.dropFirst()
        if let help, words.popFirst() != help { return nil }
        guard let word = words.first, !word.hasPrefix("-"), word != "help" else { return nil }
        let names = CubeCommand.configuration.groupedSubcommands.flatMap(\.subcommands).compactMap {
            $0.configuration.commandName
        }
        guard names.contains(word) else {
            let nearest = Suggestion.nearest(to: word, among: names).map { "did you mean `cube \($0)`?" }
            return Failure(
                "unknown command \(Quoted(word))",
                hint: VerbHint.hint(for: Array(words)) ?? nearest ?? "`cube --help` lists the commands",
                exitCode: .badUsage)
        }
        return unknownSubcommand(words)
    }

    /// A failure for a second argument that is not a subcommand of the first.
    private static func unknownSubcommand(_ words: ArraySlice<String>) -> Failure? {
        let command = CubeCommand.configuration.groupedSubcommands.flatMap(\.subcommands).first {
            $0.configuration.commandName == words.first
        }
        // A command that can run without a subcommand takes other arguments here.
        guard let command, !(command is any Command.Type), words.count > 1, case let word = words[words.startIndex + 1],
            !word.hasPrefix("-")
        else { return nil }
        let names = command.configuration.subcommands.map { $0._commandName }
        guard !names.contains(word) else { return nil }
        let nearest = Suggestion.nearest(to: word, among: names).map { "did you mean `cube \(words.first!) \($0)`?" }
        return Failure(
            "`cube \(words.first!)` has no subcommand \(Quoted(word))",
            hint: VerbHint.hint(for: Array(words)) ?? nearest ?? VerbHint.hint(for: [word])
                ?? "`cube \(words.first!) --help` lists its subcommands",
            exitCode: .badUsage)
    }

    private static func report(_ failure: Failure) -> ExitStatus {
        for line in failure.lines { Terminal.note(line) }
        return failure.exitCode ?? .error
    }
}

extension String {
    fileprivate func replacingPrefix(_ prefix: String, with other: String) -> String {
        hasPrefix(prefix) ? other + dropFirst(prefix.count) : self
    }
}
