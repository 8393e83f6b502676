package import CubeJSON
package import CubeTypes

/// How one workload is: the content of `status/workloads/NAME.json`.
package struct WorkloadStatus: Codable, Hashable, Sendable {
    /// How many tasks there should be, how many have not ended, and how many of those are ready.
    package struct Replicas: Codable, Hashable, Sendable {
        package var desired: Int
        package var live: Int
        package var ready: Int

        package init(desired: Int, live: Int, ready: Int) {
            self.desired = desired
            self.live = live
            self.ready = ready
        }
    }

    package var name: WorkloadName
    /// Where the manifest stands, or stood.
    package var file: String?
    package var line: Int?
    package var kind: TaskKind?
    package var sync: SyncStatus
    package var health: HealthStatus
    package var replicas: Replicas
    /// By ordinal and attempt: what lives, and of a slot where nothing lives what ended last.
    package var tasks: [TaskSummary]
    /// Of the ready tasks, in their order.
    package var endpoints: [TaskEndpoint]
    /// By type.
    package var conditions: [Condition]
    /// The spec digest of the manifest.
    package var desiredDigest: Digest?
    /// The spec digest of what lives; `nil` where that is nothing, or of more than one.
    package var observedDigest: Digest?
    /// What is wrong with the manifest.
    package var diagnostics: [Diagnostic]

    enum CodingKeys: String, CodingKey {
        case name, file, line, kind, sync, health, replicas, tasks, endpoints, conditions, diagnostics
        case desiredDigest = "desired_digest"
        case observedDigest = "observed_digest"
    }

    package init(
        name: WorkloadName, file: String? = nil, line: Int? = nil, kind: TaskKind? = nil, sync: SyncStatus,
        health: HealthStatus, replicas: Replicas, tasks: [TaskSummary] = [], endpoints: [TaskEndpoint] = [],
        conditions: [Condition] = [],
        desiredDigest: Digest? = nil, observedDigest: Digest? = nil, diagnostics: [Diagnostic] = []
    ) {
        self.name = name
        self.file = file
        self.line = line
        self.kind = kind
        self.sync = sync
        self.health = health
        self.replicas = replicas
        self.tasks = tasks
        self.endpoints = endpoints
        self.conditions = conditions
        self.desiredDigest = desiredDigest
        self.observedDigest = observedDigest
        self.diagnostics = diagnostics
    }
}
