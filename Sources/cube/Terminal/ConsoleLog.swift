import CubeCore
import CubeText
import CubeTypes
import FoundationEssentials
import Logging
import Synchronization

/// Writes log lines to standard error, or to the live view if there is one.
struct ConsoleLog: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level
    private let label: String
    private let sink: LineSink

    init(label: String, level: Logger.Level, sink: LineSink) {
        self.label = label
        self.sink = sink
        logLevel = level
    }

    func log(event: LogEvent) {
        let facts = metadata.merging(event.metadata ?? [:]) { _, new in new }
            .sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        sink.write(
            level: event.level, source: label, message: ([event.message.description] + facts).joined(separator: " "))
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }
}

/// The destination of log lines: standard error, or the view that uses the terminal.
final class LineSink: Sendable {
    private let redirection = Mutex<(@Sendable (TextLine) -> Void)?>(nil)

    /// Redirects all further lines to another writer, or back to standard error.
    func redirect(to writer: (@Sendable (TextLine) -> Void)?) { redirection.withLock { $0 = writer } }

    func write(level: Logger.Level, source: String, message: String) {
        let style: Terminal.Style? =
            switch level {
            case .error, .critical: .red
            case .warning: .yellow
            case .trace, .debug: .dim
            case .info, .notice: nil
            }
        let time = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)).description
        let line: TextLine = "\(time, .dim) \(level, style) \(source): \(message)"
        if let writer = redirection.withLock({ $0 }) { writer(line) } else { Terminal.note(line) }
    }
}
