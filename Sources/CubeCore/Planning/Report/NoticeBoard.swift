package import CubeTypes

/// The present problems. Notices are sent when a problem begins, changes its reason or ends.
///
/// The board contains only lasting problems that need a person: workloads that are `Degraded` or `Stalled`, and the conditions
/// `Held` and `Stale` of the owner.
package struct NoticeBoard: Codable, Hashable, Sendable {
    package struct Trouble: Codable, Hashable, Sendable {
        /// The workload; `nil` for the owner as a whole.
        package var name: WorkloadName?
        package var kind: String
        package var reason: String
        package var message: String
        package var since: Timestamp
    }

    /// The problems, sorted by name and kind. Problems of the owner as a whole come first.
    package private(set) var troubles: [Trouble] = []

    package init() {}

    package init(_ summary: SummaryStatus, _ workloads: some Sequence<WorkloadStatus>) {
        for condition in summary.conditions where [.held, .stale].contains(condition.type) {
            note(condition, as: condition.type.rawValue, of: nil)
        }
        for workload in workloads.sorted(by: { $0.name < $1.name }) {
            for condition in workload.conditions {
                switch condition.type {
                case .ready where workload.health == .degraded:
                    note(condition, as: HealthStatus.degraded.rawValue, of: workload.name)
                case .stalled: note(condition, as: condition.type.rawValue, of: workload.name)
                case .ready, .held, .imageMoved, .imageOutdated, .stale, .reconciling: break
                }
            }
        }
    }

    private mutating func note(_ condition: Condition, as kind: String, of name: WorkloadName?) {
        troubles.append(
            Trouble(
                name: name, kind: kind, reason: condition.reason, message: condition.message,
                since: condition.lastTransitionTime))
    }

    /// Returns the notices for people who know the problems of an earlier board.
    package func notices(since previous: NoticeBoard) -> [Notice] {
        let known = Dictionary(previous.troubles.map { ($0.key, $0) }) { first, _ in first }
        let present = Set(troubles.map(\.key))
        let new = troubles.compactMap { trouble -> Notice? in
            guard let old = known[trouble.key] else { return Notice(trouble, .began) }
            return old.reason == trouble.reason ? nil : Notice(trouble, .changed)
        }
        return new + previous.troubles.filter { !present.contains($0.key) }.map { Notice($0, .ended) }
    }
}

/// A notice about a problem that began, changed or ended.
package struct Notice: Codable, Hashable, Sendable {
    package enum Event: String, Codable, Sendable { case began, changed, ended }

    package var event: Event
    package var trouble: NoticeBoard.Trouble

    init(_ trouble: NoticeBoard.Trouble, _ event: Event) {
        self.event = event
        self.trouble = trouble
    }

    /// The notice on one line.
    package var text: String {
        let subject = trouble.name.map { "\($0) is " } ?? ""
        return switch event {
        case .began, .changed: "\(subject)\(trouble.kind): \(trouble.message) (\(trouble.reason))"
        case .ended: "\(subject)no longer \(trouble.kind) (\(trouble.reason))"
        }
    }
}

extension NoticeBoard.Trouble {
    fileprivate var key: String { "\(name?.rawValue ?? "") \(kind)" }
}
