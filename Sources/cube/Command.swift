import ArgumentParser

/// A command of ours: it knows its exit code for errors.
protocol Command: AsyncParsableCommand {
    static var statusOfErrors: ExitStatus { get }
}

extension Command {
    static var statusOfErrors: ExitStatus { .error }
}
