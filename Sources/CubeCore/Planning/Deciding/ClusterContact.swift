package import CubeErrors

/// A reconciler's contact with the manager: whether the manager answers, and whether the reconciler holds the owner's lease.
package struct ClusterContact: Hashable, Sendable {
    /// The manager's answer to a lease request.
    package enum Lease: Hashable, Sendable {
        case held(fence: Int)
        /// Another reconciler holds the lease, or the owner belongs to another source.
        case refused(APIError)

        /// Whether both answers mean the same, even if their messages differ.
        fileprivate func isSame(as other: Lease?) -> Bool {
            switch (self, other) {
            case (.held(let fence), .held(let other)): fence == other
            case (.refused(let error), .refused(let other)): error.reason == other.reason
            default: false
            }
        }
    }

    private let observesOnly: Bool
    /// Why the manager does not answer; `nil` while it does.
    package private(set) var outage: APIError?
    package private(set) var lease: Lease?

    /// - Parameter observesOnly: whether the reconciler takes no lease and changes nothing.
    package init(observesOnly: Bool) { self.observesOnly = observesOnly }

    /// The fence under which the reconciler may write; `nil` if it may not.
    package var fence: Int? { if case .held(let fence) = lease { fence } else { nil } }

    /// Records that the manager answered a list request.
    package mutating func listed() { outage = nil }

    /// Records that the manager did not answer.
    ///
    /// - Returns: whether this is a new outage. Attempts may fail with different messages; an outage is the same as long as its
    ///   reason is the same.
    package mutating func failed(_ error: APIError) -> Bool {
        guard outage?.reason != error.reason else { return false }
        outage = error
        return true
    }

    /// Records the manager's answer to a lease request.
    ///
    /// - Returns: whether the answer may change a decision.
    package mutating func answered(_ lease: Lease) -> Bool {
        defer { self.lease = lease }
        return !lease.isSame(as: self.lease)
    }

    /// Whether a pass can decide anything. The manifests must have been read. In addition, either the manager has listed the
    /// tasks and answered the lease request, or the manager is known not to answer. Until then, the status that an earlier
    /// process wrote stays unchanged.
    ///
    /// - Parameters:
    ///   - knowsSource: whether the manifests were read.
    ///   - knowsCluster: whether the manager has listed the owner's tasks.
    package func canJudge(knowsSource: Bool, knowsCluster: Bool) -> Bool {
        knowsSource && (outage != nil || knowsCluster && (lease != nil || observesOnly))
    }

    /// Whether the planner sees the cluster, and whether it may change it.
    package var access: WriteAccess {
        if let outage { return .blind(reason: outage.reason.rawValue, message: outage.message) }
        if observesOnly { return .observing }
        switch lease {
        case .held: return .writing
        case .refused(let error): return .watching(reason: error.reason.rawValue, message: error.message)
        case nil:
            return .watching(reason: "lease_pending", message: "this reconciler does not hold the owner's lease yet")
        }
    }
}
