import Logging

/// The loggers of the command line.
enum CommandLog {
    /// For commands that answer and end: only what goes wrong.
    static let quiet = Logger(label: "cube") { label in
        ConsoleLog(label: label, level: .warning, sink: LineSink())
    }

    /// For what runs long.
    static func daemon(_ label: String, verbose: Bool, sink: LineSink) -> Logger {
        Logger(label: label) { ConsoleLog(label: $0, level: verbose ? .debug : .info, sink: sink) }
    }
}
