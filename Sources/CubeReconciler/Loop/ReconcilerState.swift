package import CubeCore
package import CubeTypes
import Synchronization

/// The state that a running reconciler exposes within its process.
package final class ReconcilerState: Sendable {
    package struct View: Sendable {
        /// `nil` until the first pass.
        package var summary: SummaryStatus?
        package var workloads: [WorkloadName: WorkloadReport] = [:]
        package var findings: [Finding] = []
        package var isConverged = false
        /// The changes since the saved plan was made, if a saved plan is being carried out.
        package var departures: [String] = []
        /// The error that prevents writing status files.
        package var storageProblem: String?
        package var figures = ReconcilerFigures()
    }

    private struct Shared {
        var view = View()
        var watchers: [Int: AsyncStream<Void>.Continuation] = [:]
        var next = 0
    }

    private let shared = Mutex(Shared())

    package init() {}

    package var view: View { shared.withLock(\.view) }

    /// Yields once at the start and whenever ``view`` changes. Changes that a slow consumer misses are combined into
    /// one element.
    package func updates() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let id = shared.withLock { shared in
            shared.next += 1
            shared.watchers[shared.next] = continuation
            return shared.next
        }
        continuation.onTermination = { [weak self] _ in self?.shared.withLock { $0.watchers[id] = nil } }
        continuation.yield()
        return stream
    }

    func count(_ count: (inout ReconcilerFigures) -> Void) { shared.withLock { count(&$0.view.figures) } }

    func publish(_ plan: Plan, storageProblem: String?) {
        let watchers = shared.withLock { shared in
            shared.view.summary = plan.summary
            for (name, report) in plan.reports { shared.view.workloads[name] = report }
            shared.view.findings = plan.findings
            shared.view.isConverged = plan.isConverged && !plan.lacksNotes
            shared.view.departures = plan.departures
            shared.view.storageProblem = storageProblem
            return Array(shared.watchers.values)
        }
        for watcher in watchers { watcher.yield() }
    }
}
