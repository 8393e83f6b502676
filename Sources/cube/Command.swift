import ArgumentParser

/// A subcommand of `cube`, with the exit code that it uses for errors.
protocol Command: AsyncParsableCommand {
    static var statusOfErrors: ExitStatus { get }
}

extension Command {
    static var statusOfErrors: ExitStatus { .error }
}
