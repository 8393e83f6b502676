package import CubeTypes

/// The overall status of an owner: the content of `status/summary.json`.
package struct SummaryStatus: Codable, Hashable, Sendable {
    /// The number of workloads, in total and by state.
    package struct Counts: Codable, Hashable, Sendable {
        package var workloads: Int
        package var healthy: Int
        package var progressing: Int
        package var degraded: Int
        package var suspended: Int
        package var outOfSync: Int
        package var held: Int
        package var stale: Int

        enum CodingKeys: String, CodingKey {
            case workloads, healthy, progressing, degraded, suspended, held, stale
            case outOfSync = "out_of_sync"
        }

        package init(
            workloads: Int = 0, healthy: Int = 0, progressing: Int = 0, degraded: Int = 0, suspended: Int = 0,
            outOfSync: Int = 0, held: Int = 0, stale: Int = 0
        ) {
            self.workloads = workloads
            self.healthy = healthy
            self.progressing = progressing
            self.degraded = degraded
            self.suspended = suspended
            self.outOfSync = outOfSync
            self.held = held
            self.stale = stale
        }
    }

    /// The changes that a guard holds.
    package struct HeldSet: Codable, Hashable, Sendable {
        /// How to approve the changes, for example a command.
        package var approve: String
        /// The changes in words, such as `prune old`, sorted.
        package var changes: [String]
        package var digest: Digest
        /// Why the guard holds the changes, for people.
        package var message: String
        /// The name of the guard.
        package var reason: String

        package init(_ hold: Hold, _ limits: GuardLimits, _ wording: HintWording) {
            approve = wording(.approve(hold.digest))
            changes = hold.lines
            digest = hold.digest
            reason = hold.guardName
            let guardName = WaitReason(rawValue: hold.guardName)
            message = guardName == .guardWindow ? "\(guardName.text) (\(limits.text))" : guardName.text
        }
    }

    package var cluster: ClusterID?
    package var owner: OwnerName
    package var source: SourceRevision
    package var sync: SyncStatus
    /// The worst health of all workloads.
    package var health: HealthStatus
    package var counts: Counts
    /// The conditions, sorted by type.
    package var conditions: [Condition]
    /// The held changes, by guard.
    package var holds: [HeldSet]
    /// The digest of the declared state.
    package var desiredDigest: Digest?
    /// The last `desired_digest` for which all workloads converged.
    package var convergedDigest: Digest?

    enum CodingKeys: String, CodingKey {
        case cluster, owner, source, sync, health, counts, conditions, holds
        case desiredDigest = "desired_digest"
        case convergedDigest = "converged_digest"
    }

    package init(
        cluster: ClusterID? = nil, owner: OwnerName, source: SourceRevision, sync: SyncStatus = .unknown,
        health: HealthStatus = .unknown, counts: Counts = Counts(), conditions: [Condition] = [],
        holds: [HeldSet] = [], desiredDigest: Digest? = nil, convergedDigest: Digest? = nil
    ) {
        self.cluster = cluster
        self.owner = owner
        self.source = source
        self.sync = sync
        self.health = health
        self.counts = counts
        self.conditions = conditions
        self.holds = holds
        self.desiredDigest = desiredDigest
        self.convergedDigest = convergedDigest
    }
}

extension SummaryStatus {
    /// Whether all workloads are converged now. In contrast, ``convergedDigest`` describes the past.
    package var isConverged: Bool { conditions.contains { $0.type == .ready && $0.status } }

    /// Why the reconciler cannot read the cluster; `nil` if it can. During an outage, no status of a workload is written, so those that
    /// are there are old.
    package var outage: Condition? {
        // Only an outage is the reason for both conditions: otherwise, `Stale` is about the manifests, and `Ready` about the workloads.
        let unready = conditions.first { $0.type == .ready && !$0.status }
        return conditions.first { $0.type == .stale && $0.status && $0.reason == unready?.reason }
    }
}

extension Hold {
    /// The distinct changes in words, sorted.
    package var lines: [String] {
        changes.map(\.text).reduce(into: []) { lines, line in if lines.last != line { lines.append(line) } }
    }
}

extension HeldChange {
    /// The change in words, such as `prune old` or `replace web/0`.
    package var text: String { verb == Self.prune ? "\(verb) \(name)" : "\(verb) \(name)/\(ordinal)" }

    package static let prune = "prune"
    package static let replace = "replace"
    package static let scaleDown = "scale_down"
}
