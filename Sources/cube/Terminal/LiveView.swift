import CubeCore
import CubeReconciler
import CubeText
import ServiceLifecycle
import Synchronization
import UnixSignals

/// What runs, what is due, and what is held and why, on the whole terminal; log lines stay behind when it ends.
final class LiveView: Service {
    /// How often it is drawn where nothing happens: ages grow, and log lines go.
    private static let period: Duration = .seconds(5)
    /// How long a log line is part of the picture.
    private static let recent: Duration = .seconds(60)
    /// At most so many log lines are part of the picture.
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
                    // A picture goes over all workloads: what changes faster than anyone reads is drawn together.
                    try? await Task.sleep(for: .milliseconds(100))  // Cancelled: this was the last one.
                }
            }
            group.addTask { [self] in for await _ in resizes.cancelOnGracefulShutdown() { show() } }
            group.addTask { [self] in
                try? await cancelWhenGracefulShutdown {  // Cancelled: it ends.
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
