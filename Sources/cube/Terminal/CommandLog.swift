import Logging

/// The loggers of the command line.
enum CommandLog {
    /// For commands that answer and end: only what goes wrong.
    static let quiet = Logger(label: "cube") { label in
        ConsoleLog(label: label, level: .warning, sink: LineSink())
    }

    /// For commands that follow something: also that what they waited for is back.
    static let following = Logger(label: "cube") { label in
        ConsoleLog(label: label, level: .notice, sink: LineSink())
    }
}

/// The loggers of what runs long: one for each part, all on one sink.
struct DaemonLog: Sendable {
    var isVerbose: Bool
    /// Whether what goes on is shown otherwise, so that only what is out of the ordinary needs a line.
    var isQuiet = false
    var sink = LineSink()

    func callAsFunction(_ part: String) -> Logger {
        Logger(label: part) { ConsoleLog(label: $0, level: isVerbose ? .debug : isQuiet ? .notice : .info, sink: sink) }
    }

    /// For an HTTP server, which tells at length what its part tells in one line.
    func server(_ part: String) -> Logger {
        Logger(label: part) { ConsoleLog(label: $0, level: isVerbose ? .debug : .notice, sink: sink) }
    }
}
