import CubeCore
import CubeReconciler
import CubeText
import ServiceLifecycle
import Synchronization
import UnixSignals

/// A full-screen view of the workloads, the due actions and the held changes. Log lines remain on the terminal after it
/// ends.
final class LiveView: Service {
    /// The redraw interval when nothing changes, because ages grow and old log lines disappear.
    private static let period: Duration = .seconds(5)
    /// How long the picture shows a log line.
    private static let recent: Duration = .seconds(60)
    /// The maximum number of log lines in the picture.
    private static let maximumLines = 3

    private let title: String
    private let foot: String
    private let state: ReconcilerState
    private let sink: LineSink
    private let screen = LiveScreen()
    private let lines = Mutex<[(at: ContinuousClock.Instant, line: TextLine)]>([])

    init(title: String, foot: String, state: ReconcilerState, sink: LineSink) {
        self.title = title
        self.foot = foot
        self.state = state
        self.sink = sink
    }

    func run() async throws {
        sink.redirect { [self] line in
            lines.withLock { $0 = $0.suffix(Self.maximumLines - 1) + [(.now, line)] }
            screen.write(line)
        }
        defer {
            screen.close()
            sink.redirect(to: nil)
        }
        let resizes = await UnixSignalsSequence(trapping: .sigwinch)
        await withTaskGroup { [state] group in
            group.addTask { [self] in
                for await _ in state.updates().cancelOnGracefulShutdown() {
                    show()
                    // Drawing visits all workloads, so changes within this time are drawn together.
                    try? await Task.sleep(for: .milliseconds(100))  // If cancelled, the loop ends.
                }
            }
            group.addTask { [self] in for await _ in resizes.cancelOnGracefulShutdown() { show() } }
            group.addTask { [self] in
                try? await cancelWhenGracefulShutdown {  // If cancelled, the view ends.
                    while true {
                        try await Task.sleep(for: Self.period)
                        self.show()
                    }
                }
            }
        }
    }

    private func show() {
        let size = Terminal.size
        let view = state.view
        var frame = LiveFrame(
            title: title, foot: foot, summary: view.summary,
            reports: view.workloads.values.sorted { $0.status.name < $1.status.name }, now: .now)
        frame.logLines = lines.withLock { lines in
            lines.removeAll { ContinuousClock.now - $0.at > Self.recent }
            return lines.map(\.line)
        }
        screen.show(frame.lines(columns: size.columns, rows: size.rows))
    }
}
