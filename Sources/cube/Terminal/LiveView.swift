import CubeReconciler
import ServiceLifecycle
import UnixSignals

/// What runs, what is due, and what is held and why, redrawn in place at the bottom of a terminal; log lines scroll above it.
final class LiveView: Service {
    private let title: String
    private let foot: String
    private let state: ReconcilerState
    private let sink: LineSink
    private let screen = LiveScreen()

    init(title: String, foot: String, state: ReconcilerState, sink: LineSink) {
        self.title = title
        self.foot = foot
        self.state = state
        self.sink = sink
    }

    func run() async throws {
        sink.redirect { [screen] line in screen.write(above: line) }
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
        screen.show([])
        sink.redirect(to: nil)
    }

    private func show() {
        let size = Terminal.size
        screen.show(
            LiveFrame(title: title, foot: foot, view: state.view).lines(
                columns: size.columns, rows: size.rows, terminal: .standardOutput))
    }
}
