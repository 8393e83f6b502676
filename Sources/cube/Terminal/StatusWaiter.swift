import CubeCore
import CubeText
import CubeTypes
import ServiceLifecycle
import Synchronization

/// Looks at the status until all workloads, or some, are as declared and healthy.
final class StatusWaiter: StatusViewer {
    private let names: Set<WorkloadName>
    private let seen = Mutex<StatusPicture?>(nil)

    /// - Parameter names: The workloads that count; all where none is named.
    init(names: Set<WorkloadName>) { self.names = names }

    /// The last status; `nil` before a reconciler wrote one.
    var picture: StatusPicture? { seen.withLock(\.self) }

    func show(_ picture: StatusPicture, changed: Set<WorkloadName>) -> Bool {
        guard picture.summary != nil else { return true }
        seen.withLock { $0 = picture }
        return !Self.unwell(picture, names).isEmpty
    }

    func end() {}

    /// What was not as it should be when it was looked at last, in sentences without their ends.
    var unwell: [TextLine] { picture.map { Self.unwell($0, names) } ?? ["nothing is known"] }

    static func unwell(_ seen: StatusPicture, _ names: Set<WorkloadName>) -> [TextLine] {
        let picture = seen.attended
        var reasons: [TextLine] = names.filter { picture.workloads[$0] == nil }.sorted().map {
            "\($0): no such workload"
        }
        // What nobody keeps up to date says nothing of the present.
        if let outdated = picture.freshness.outdated { reasons.append("the status is not current: \(outdated)") }
        for workload in picture.reports.map(\.status) where names.isEmpty || names.contains(workload.name) {
            let isWell = workload.sync == .synced && workload.health == .healthy || workload.health == .suspended
            guard !isWell else { continue }
            let why = workload.why.map { ": \($0)" } ?? ""
            reasons.append("\(workload.name) is \(workload.sync.rawValue), \(workload.health.rawValue)\(why)")
        }
        if names.isEmpty, let summary = picture.summary {
            // A file that cannot be read may declare more than what is known.
            reasons += summary.conditions.filter { $0.type == .stale && $0.status }.map { "\($0.message)" }
        }
        return reasons
    }
}

/// Ends what runs beside it when the time is over.
struct Deadline: Service {
    let limit: Duration

    func run() async throws {
        // Cancelled or shut down: what it bounds ended before.
        try? await cancelWhenGracefulShutdown { [limit] in try await Task.sleep(for: limit) }
    }
}
