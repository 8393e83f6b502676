package import CubeJSON
package import CubeTypes

/// What one manifest declares: a task's definition and how the reconciler is to treat it.
package struct Workload: Hashable, Sendable {
    package let definition: TaskDefinition
    /// How many tasks of it run side by side: 0 to 10,000.
    package let replicas: Int
    package let update: UpdatePolicy
    /// Whether it is frozen: nothing of it is started, stopped or replaced.
    package let suspend: Bool
    /// Whether its tasks are stopped when its manifest goes.
    package let prune: Bool
    /// What must be healthy, or completed, before anything of it is started or replaced.
    package let dependsOn: [Dependency]
    /// The places in the manifest whose differences count as none.
    package let ignore: [JSONPointer]
    /// Where the manifest says its name; the file is relative to the root of the manifests.
    package let range: SourceRange

    // Hashing is what makes a workload; comparing it is cheap afterwards.
    package let specDigest: Digest
    package let settingsDigest: Digest

    /// - Parameter specDigest: that of the task whose definition it is, which may hide values; `nil`: the definition's own.
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

    /// The same, in a file that goes by another name.
    package func placed(_ place: (SourceRange) -> SourceRange) -> Workload {
        Workload(
            definition: definition, specDigest: specDigest, replicas: replicas, update: update, suspend: suspend,
            prune: prune, dependsOn: dependsOn.map { Dependency(name: $0.name, range: place($0.range)) },
            ignore: ignore,
            range: place(range))
    }

    /// Another workload, and where the manifest names it.
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
    /// Whether a task bears the workload's file as its source.
    package func isFile(_ source: String?) -> Bool { source.map { ExactText.areSame($0, range.filename) } ?? false }
    package var line: Int { range.start.line }
}

/// How a workload's tasks are replaced when its definition changes.
package struct UpdatePolicy: Hashable, Sendable {
    /// How many of its tasks may be missing while they are replaced.
    package var maxUnavailable: Int
    /// How many tasks may live beyond the replicas while they are replaced: each is started before the task whose place it
    /// takes is stopped.
    package var maxSurge: Int
    /// How long a task must have been ready to count.
    package var minHealthy: Duration
    /// How long after it was accepted a new task must count.
    package var deadline: Duration
    package var onFailure: OnFailure

    /// What becomes of a rollout of which a new task failed or missed its deadline.
    package enum OnFailure: String, Sendable {
        /// No further task is replaced; what runs stays.
        case stall
        /// All goes back to what was healthy last.
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
