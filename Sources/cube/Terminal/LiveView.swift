import CubeReconciler
import Glibc
import ServiceLifecycle
import Synchronization
import UnixSignals

/// What runs, what is due, and what is held and why, redrawn in place at the bottom of a terminal; log lines scroll above it.
final class LiveView: Service {
    private let title: String
    private let foot: String
    private let state: ReconcilerState
    private let sink: LineSink
    /// The lines of the terminal that are its own now.
    private let drawn = Mutex<[String]>([])

    init(title: String, foot: String, state: ReconcilerState, sink: LineSink) {
        self.title = title
        self.foot = foot
        self.state = state
        self.sink = sink
    }

    func run() async throws {
        sink.redirect { [self] line in redraw(below: line) }
        let resizes = await UnixSignalsSequence(trapping: .sigwinch)
        await withTaskGroup { [state] group in
            group.addTask { [self] in
                for await _ in state.updates().cancelOnGracefulShutdown() {
                    show()
                    // A picture goes over all workloads: what changes faster than anyone reads is drawn together.
                    try? await Task.sleep(for: .milliseconds(100))  // Cancelled: this was the last one.
                }
            }
            group.addTask { [self] in for await _ in resizes.cancelOnGracefulShutdown() { show() } }
        }
        redraw([])
        sink.redirect(to: nil)
    }

    private func show() {
        let size = Terminal.size
        redraw(
            LiveFrame(title: title, foot: foot, view: state.view).lines(
                columns: size.columns, rows: size.rows, terminal: .standardOutput))
    }

    /// - Parameters:
    ///   - lines: the new picture; `nil`: the one that is there.
    ///   - line: what is to stand above it for ever.
    private func redraw(_ lines: [String]? = nil, below line: String? = nil) {
        drawn.withLock { drawn in
            // A terminal that became narrower broke the lines that were too long for it.
            let columns = Terminal.size.columns
            let rows = drawn.map { max(1, ($0.visibleCount + columns - 1) / columns) }.reduce(0, +)
            var text = rows == 0 ? "" : "\r\u{1B}[\(rows)A\u{1B}[J"
            if let line { text += "\(line)\n" }
            drawn = lines ?? drawn
            Terminal.write(text + drawn.map { "\($0)\n" }.joined(), to: STDOUT_FILENO)
        }
    }
}
