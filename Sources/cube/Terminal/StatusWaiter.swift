import CubeCore
import CubeText
import CubeTypes
import ServiceLifecycle
import Synchronization

/// Watches the status until all workloads, or the named ones, are synced and healthy.
final class StatusWaiter: StatusViewer {
    private let names: Set<WorkloadName>
    private let seen = Mutex<StatusPicture?>(nil)

    /// - Parameter names: The workloads to wait for; if empty, all.
    init(names: Set<WorkloadName>) { self.names = names }

    /// The last status; `nil` until a reconciler has written one.
    var picture: StatusPicture? { seen.withLock(\.self) }

    func show(_ picture: StatusPicture, changed: Set<WorkloadName>) -> Bool {
        guard picture.summary != nil else { return true }
        seen.withLock { $0 = picture }
        return !Self.unwell(picture, names).isEmpty
    }

    func end() {}

    /// The problems in the last status, as sentences without a full stop.
    var unwell: [TextLine] { picture.map { Self.unwell($0, names) } ?? ["no status is available"] }

    static func unwell(_ seen: StatusPicture, _ names: Set<WorkloadName>) -> [TextLine] {
        let picture = seen.attended
        var reasons: [TextLine] = names.filter { picture.workloads[$0] == nil }.sorted().map {
            "\($0): no such workload"
        }
        // An outdated status says nothing about the present.
        if let outdated = picture.freshness.outdated { reasons.append("the status is not current: \(outdated)") }
        for workload in picture.reports.map(\.status) where names.isEmpty || names.contains(workload.name) {
            let isWell = workload.sync == .synced && workload.health == .healthy || workload.health == .suspended
            guard !isWell else { continue }
            let why = workload.why.map { ": \($0)" } ?? ""
            reasons.append("\(workload.name) is \(workload.sync.rawValue), \(workload.health.rawValue)\(why)")
        }
        if names.isEmpty, let summary = picture.summary {
            // An unreadable file may declare workloads that are not in the status.
            reasons += summary.conditions.filter { $0.type == .stale && $0.status }.map { "\($0.message)" }
        }
        return reasons
    }
}

/// A service that ends after a time limit, and with it the group that it belongs to.
struct Deadline: Service {
    let limit: Duration

    func run() async throws {
        // On cancellation or shutdown, the other services ended first.
        try? await cancelWhenGracefulShutdown { [limit] in try await Task.sleep(for: limit) }
    }
}
