import ArgumentParser
import Glibc

@main
enum Main {
    static func main() async {
        // A reader that went away ends a write, not the process.
        signal(SIGPIPE, SIG_IGN)
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
            command = try CubeCommand.parseAsRoot()
        } catch {
            throw badUsage(error)
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
            // Help that was asked for, or usage that only the command could judge.
            throw badUsage(error)
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
