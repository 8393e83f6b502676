import CubeCore
import CubeText
import CubeTypes
import Glibc
import Synchronization

/// Writes the output of tasks: byte by byte, or line by line on a terminal or with prefixes.
struct LogWriter: Sendable {
    private let terminal: Terminal
    private let sink: Sink

    init(
        terminal: Terminal,
        write: @escaping @Sendable ([UInt8]) -> Bool = { Terminal.write($0, to: STDOUT_FILENO) }
    ) {
        self.terminal = terminal
        sink = Sink(write: write)
    }

    /// Copies all output, or ends early if the output stream has no reader.
    ///
    /// - Parameter prefixed: Whether the next lines begin with the name of their task.
    /// - Returns: Whether the output stream still has a reader.
    @discardableResult
    func copy(
        _ output: any AsyncSequence<[UInt8], any Error> & Sendable, of task: LoggedTask, prefixed: @Sendable () -> Bool
    ) async throws -> Bool {
        var lines = LineBuffer()
        var isRaw = true
        for try await chunk in output {
            let isPrefixed = prefixed()
            if isRaw, !isPrefixed, !terminal.isInteractive {
                guard sink.write(chunk, of: task.id) else { return false }
                continue
            }
            isRaw = false
            for line in lines.take(chunk) {
                guard write(line, of: task, isPrefixed) else { return false }
            }
        }
        guard let rest = lines.rest else { return true }
        return write(rest, of: task, prefixed())
    }

    /// - Parameter line: The line including its line feed.
    private func write(_ line: [UInt8], of task: LoggedTask, _ isPrefixed: Bool) -> Bool {
        let prefix = isPrefixed ? Array("\(terminal.shown(TextLine(task.slot, Self.style(of: task)))) ".utf8) : []
        guard terminal.isInteractive else { return sink.write(line, of: task.id, prefix: prefix) }
        let shown = Array(LogLine.shown(line.dropLast(), hasColour: terminal.hasColour).utf8) + [UInt8(ascii: "\n")]
        return sink.write(shown, of: task.id, prefix: prefix)
    }

    /// The output stream. The output of a task never continues a line of another one.
    private final class Sink: Sendable {
        private let output: @Sendable ([UInt8]) -> Bool
        /// The task that wrote the last line, if that line has no line feed yet.
        private let unfinished = Mutex<TaskID?>(nil)

        init(write output: @escaping @Sendable ([UInt8]) -> Bool) { self.output = output }

        /// - Parameter prefix: What to write first if the bytes begin a line.
        /// - Returns: Whether the stream still has a reader.
        func write(_ bytes: [UInt8], of task: TaskID, prefix: [UInt8] = []) -> Bool {
            guard let last = bytes.last else { return true }
            let feed = UInt8(ascii: "\n")
            return unfinished.withLock { unfinished in
                let start: [UInt8] = unfinished == task ? [] : (unfinished == nil ? [] : [feed]) + prefix
                unfinished = last == feed ? nil : task
                return output(start.isEmpty ? bytes : start + bytes)
            }
        }
    }

    private static let styles: [TextLine.Style] = [.cyan, .green, .yellow, .magenta, .blue, .red]

    /// The colour of a task: always the same for one task, and different for neighbouring ordinals.
    private static func style(of task: LoggedTask) -> TextLine.Style {
        let name = task.name.rawValue.utf8.reduce(0) { ($0 * 31 + Int($1)) % 1009 }
        return styles[(name + task.ordinal) % styles.count]
    }
}

/// Splits a byte stream into lines, so that lines of several tasks do not mix.
struct LineBuffer {
    /// The maximum length of a line in bytes. A longer line is split.
    static let maximum = 1 << 20
    private var pending: [UInt8] = []

    /// Adds bytes, and returns the lines that are now complete, each with its line feed.
    mutating func take(_ chunk: [UInt8]) -> [[UInt8]] {
        pending += chunk
        var lines: [[UInt8]] = []
        var start = pending.startIndex
        while let end = pending[start...].firstIndex(of: UInt8(ascii: "\n")) {
            lines.append(Array(pending[start...end]))
            start = end + 1
        }
        pending.removeSubrange(..<start)
        if pending.count >= Self.maximum {
            lines.append(pending + [UInt8(ascii: "\n")])
            pending = []
        }
        return lines
    }

    /// The bytes after the last line feed, with a line feed added; `nil` if there are none.
    var rest: [UInt8]? { pending.isEmpty ? nil : pending + [UInt8(ascii: "\n")] }
}
