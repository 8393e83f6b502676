import Logging

/// The loggers of the command line.
enum CommandLog {
    /// For commands that print a result and end: warnings and errors only.
    static let quiet = Logger(label: "cube") { label in
        ConsoleLog(label: label, level: .warning, sink: LineSink())
    }

    /// For commands that follow a stream: also notices, such as that a connection is restored.
    static let following = Logger(label: "cube") { label in
        ConsoleLog(label: label, level: .notice, sink: LineSink())
    }
}

/// The loggers of a long-running process: one for each part, with a common sink.
struct DaemonLog: Sendable {
    var isVerbose: Bool
    /// Whether progress is shown elsewhere, such as in the live view, so that only notices and above are logged.
    var isQuiet = false
    var sink = LineSink()

    func callAsFunction(_ part: String) -> Logger {
        Logger(label: part) { ConsoleLog(label: $0, level: isVerbose ? .debug : isQuiet ? .notice : .info, sink: sink) }
    }

    /// For an HTTP server. Its informational messages repeat in detail what its part logs on one line.
    func server(_ part: String) -> Logger {
        Logger(label: part) { ConsoleLog(label: $0, level: isVerbose ? .debug : .notice, sink: sink) }
    }
}
