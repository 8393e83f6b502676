package import CubeJSON
package import CubeTypes

/// The status of one workload: the content of `status/workloads/NAME.json`.
package struct WorkloadStatus: Codable, Hashable, Sendable {
    /// The number of declared tasks, of live tasks and of ready tasks.
    package struct Replicas: Codable, Hashable, Sendable {
        package var desired: Int
        package var live: Int
        package var ready: Int
        /// The number of declared tasks of a job that have completed and are not run again; `nil` for a service.
        ///
        /// The task that ended last in a slot does not show this: the manifest may have gone back to a definition that had completed.
        package var completed: Int?

        package init(desired: Int, live: Int, ready: Int, completed: Int? = nil) {
            self.desired = desired
            self.live = live
            self.ready = ready
            self.completed = completed
        }
    }

    package var name: WorkloadName
    /// The file of the manifest, even if it was removed.
    package var file: String?
    package var line: Int?
    package var kind: TaskKind?
    package var sync: SyncStatus
    package var health: HealthStatus
    package var replicas: Replicas
    /// The live tasks, and the task that ended last for each slot without a live task; sorted by ordinal and attempt.
    package var tasks: [TaskSummary]
    /// The endpoints to send requests to, in the order of the tasks: those of the ready tasks on nodes that answer or, if there are none,
    /// those of tasks that were ready when their nodes last answered.
    package var endpoints: [TaskEndpoint]
    /// The conditions, sorted by type.
    package var conditions: [Condition]
    /// The spec digest of the manifest.
    package var desiredDigest: Digest?
    /// The spec digest of the live tasks; `nil` if there are no live tasks, or their digests differ.
    package var observedDigest: Digest?
    /// The errors and warnings about the manifest.
    package var diagnostics: [Diagnostic]

    /// Whether the workload is a job that has completed.
    package var isCompletedJob: Bool { replicas.desired > 0 && replicas.completed == replicas.desired }

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
