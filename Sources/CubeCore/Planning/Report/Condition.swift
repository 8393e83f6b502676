package import CubeTypes

/// Whether what runs is what is declared.
package enum SyncStatus: String, Codable, Hashable, Sendable {
    case synced = "Synced"
    case outOfSync = "OutOfSync"
    /// The manifest cannot be read, or the cluster is not seen.
    case unknown = "Unknown"
}

/// Whether what runs is well.
package enum HealthStatus: String, Codable, Hashable, Sendable, CaseIterable {
    case healthy = "Healthy"
    case progressing = "Progressing"
    case degraded = "Degraded"
    case suspended = "Suspended"
    case missing = "Missing"
    case unknown = "Unknown"
}

/// One aspect of a workload, or of the whole, since when it is so, and why.
///
/// `Ready` is always there; the others, which tell of what is not as it should be, only while they are true.
package struct Condition: Codable, Hashable, Sendable {
    package enum Kind: String, Codable, Hashable, Sendable {
        /// Guards or a person hold something back.
        case held = "Held"
        /// As declared and healthy.
        case ready = "Ready"
        /// Being changed into what is declared.
        case reconciling = "Reconciling"
        /// What is said of the desired state may be old: its source cannot be read.
        case stale = "Stale"
        /// Not going on by itself: a person must do something.
        case stalled = "Stalled"
    }

    package var type: Kind
    package var status: Bool
    /// A stable word.
    package var reason: String
    /// For a person.
    package var message: String
    /// When `status` became what it is.
    package var lastTransitionTime: Timestamp

    enum CodingKeys: String, CodingKey {
        case type, status, reason, message
        case lastTransitionTime = "last_transition_time"
    }

    package init(type: Kind, status: Bool = true, reason: String, message: String, lastTransitionTime: Timestamp) {
        self.type = type
        self.status = status
        self.reason = reason
        self.message = message
        self.lastTransitionTime = lastTransitionTime
    }
}

extension [Condition] {
    /// The same conditions by type, with the times of `previous` where the status did not change.
    func since(_ previous: [Condition]) -> [Condition] {
        map { condition in
            var condition = condition
            if let before = previous.first(where: { $0.type == condition.type }), before.status == condition.status {
                condition.lastTransitionTime = before.lastTransitionTime
            }
            return condition
        }
        .sorted { $0.type.rawValue < $1.type.rawValue }
    }
}
