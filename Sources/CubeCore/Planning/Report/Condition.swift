package import CubeTypes

/// Whether the tasks match the manifests.
package enum SyncStatus: String, Codable, Hashable, Sendable {
    case synced = "Synced"
    case outOfSync = "OutOfSync"
    /// The manifest is invalid, or the cluster is unreachable.
    case unknown = "Unknown"
}

/// The health of the tasks.
package enum HealthStatus: String, Codable, Hashable, Sendable, CaseIterable {
    case healthy = "Healthy"
    case progressing = "Progressing"
    case degraded = "Degraded"
    case suspended = "Suspended"
    case missing = "Missing"
    case unknown = "Unknown"
}

/// One aspect of the state of a workload or of the owner, with its reason and the time of its last change.
///
/// `Ready` is always present. The other conditions describe problems, and are present only while they are true.
package struct Condition: Codable, Hashable, Sendable {
    package enum Kind: String, Codable, Hashable, Sendable {
        /// Guards or a person hold an action.
        case held = "Held"
        /// A tag means another image than the one that runs.
        case imageMoved = "ImageMoved"
        /// A registry has a newer image than the manifest.
        case imageOutdated = "ImageOutdated"
        /// The tasks match the manifest and are healthy.
        case ready = "Ready"
        /// Actions are in progress.
        case reconciling = "Reconciling"
        /// The desired state may be out of date, because its source cannot be read.
        case stale = "Stale"
        /// There is no progress until a person intervenes.
        case stalled = "Stalled"
    }

    package var type: Kind
    package var status: Bool
    /// A stable code, such as `guard_window`.
    package var reason: String
    /// The message for people.
    package var message: String
    /// The time at which `status` last changed.
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
    /// Returns the conditions sorted by type, with the times of `previous` for conditions whose status did not change.
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
