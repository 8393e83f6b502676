package import CubeJSON
package import CubeTypes

/// The workload that one manifest declares: the definition of its tasks, and how the reconciler manages them.
package struct Workload: Hashable, Sendable {
    package let definition: TaskDefinition
    /// The number of tasks that run at the same time: 0 to 10,000.
    package let replicas: Int
    package let update: UpdatePolicy
    /// Whether the workload is frozen: none of its tasks is started, stopped or replaced.
    package let suspend: Bool
    /// Whether the tasks are stopped when the manifest is removed.
    package let prune: Bool
    /// The services that must be healthy, and the jobs that must have completed, before any task is started or replaced.
    package let dependsOn: [Dependency]
    /// The parts of the manifest whose differences are ignored.
    package let ignore: [JSONPointer]
    /// The position of the name in the manifest. The file is relative to the root of the manifests.
    package let range: SourceRange

    // Stored, because hashing is expensive and digests are compared often.
    package let specDigest: Digest
    package let settingsDigest: Digest

    /// - Parameter specDigest: the spec digest of the task that the definition comes from, if the definition may hide values;
    ///   `nil` to compute the digest from the definition.
    package init(
        definition: TaskDefinition, specDigest: Digest? = nil, replicas: Int = 1, update: UpdatePolicy = UpdatePolicy(),
        suspend: Bool = false,
        prune: Bool = true, dependsOn: [Dependency] = [], ignore: [JSONPointer] = [], range: SourceRange
    ) {
        self.definition = definition
        self.replicas = replicas
        self.update = update
        self.suspend = suspend
        self.prune = prune
        self.dependsOn = dependsOn
        self.ignore = ignore
        self.range = range
        self.specDigest = specDigest ?? definition.specDigest
        settingsDigest = definition.settingsDigest
    }

    /// Returns the workload with all its positions mapped to another file name.
    package func placed(_ place: (SourceRange) -> SourceRange) -> Workload {
        Workload(
            definition: definition, specDigest: specDigest, replicas: replicas, update: update, suspend: suspend,
            prune: prune, dependsOn: dependsOn.map { Dependency(name: $0.name, range: place($0.range)) },
            ignore: ignore,
            range: place(range))
    }

    /// A workload that this one depends on, and the position of its name in the manifest.
    package struct Dependency: Hashable, Sendable {
        package var name: WorkloadName
        package var range: SourceRange

        package init(name: WorkloadName, range: SourceRange) {
            self.name = name
            self.range = range
        }
    }

    /// The names of ``dependsOn``, each once, sorted.
    package var dependencies: [WorkloadName] { Set(dependsOn.map(\.name)).sorted() }

    package var name: WorkloadName { definition.name }
    package var file: BytePath { BytePath(text: range.filename) }
    /// Whether the source of a task is the file of the workload.
    package func isFile(_ source: String?) -> Bool { source.map { ExactText.areSame($0, range.filename) } ?? false }
    package var line: Int { range.start.line }
}

/// How a workload's tasks are replaced when its definition changes.
package struct UpdatePolicy: Hashable, Sendable {
    /// How many replicas may be unavailable during an update.
    package var maxUnavailable: Int
    /// How many tasks may run in addition to the replicas during an update. Each is started before the task that it replaces is
    /// stopped.
    package var maxSurge: Int
    /// How long a task must have been ready to count as available.
    package var minHealthy: Duration
    /// The time in which a new task must become available, counted from when the manager accepted it.
    package var deadline: Duration
    package var onFailure: OnFailure

    /// What happens when a new task of a rollout fails or misses its deadline.
    package enum OnFailure: String, Sendable {
        /// No further task is replaced. Running tasks stay.
        case stall
        /// The workload goes back to the last healthy definition.
        case revert
    }

    package init(
        maxUnavailable: Int = 1, maxSurge: Int = 0, minHealthy: Duration = .seconds(5),
        deadline: Duration = .seconds(600), onFailure: OnFailure = .stall
    ) {
        self.maxUnavailable = maxUnavailable
        self.maxSurge = maxSurge
        self.minHealthy = minHealthy
        self.deadline = deadline
        self.onFailure = onFailure
    }
}
