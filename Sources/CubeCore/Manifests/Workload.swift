package import CubeJSON
package import CubeTypes

/// A workload as one manifest declares it: the definition of its tasks, and how the reconciler treats them.
package struct Workload: Hashable, Sendable {
    package private(set) var definition: TaskDefinition
    package let steering: Steering
    /// The position of the name in the manifest. The file is relative to the root of the manifests.
    package private(set) var range: SourceRange
    /// The position of each name of ``Steering/dependsOn`` in the manifest. If a position is missing, ``range`` is used instead.
    private var dependencyRanges: [SourceRange]
    /// The tables that the manifest was read with. They decide which fields are compared, and how.
    let fields: ManifestFields

    // Computed once, as hashing is expensive. Comparing the digests is cheap.
    package let specDigest: Digest
    package let settingsDigest: Digest

    /// - Parameter present: the fields that the manifest has; if omitted, each field may have any value.
    package init(
        definition: TaskDefinition, steering: Steering = Steering(), range: SourceRange,
        dependencyRanges: [SourceRange] = [], fields: ManifestFields = .standard, present: PresentFields = .all
    ) {
        self.definition = definition
        self.steering = steering
        self.range = range
        self.dependencyRanges = dependencyRanges
        self.fields = fields
        specDigest = fields.specDigest(of: definition, among: present)
        settingsDigest = fields.settingsDigest(of: definition, among: present)
    }

    /// Returns the same workload, with its positions in the manifest mapped by `place`.
    package func placed(_ place: (SourceRange) -> SourceRange) -> Workload {
        var workload = self
        workload.range = place(range)
        workload.dependencyRanges = dependencyRanges.map(place)
        return workload
    }

    /// A workload that this one depends on, and the position of its name in the manifest.
    struct Dependency {
        var name: WorkloadName
        var range: SourceRange
    }

    /// The workloads that this one depends on, in the order of the manifest.
    var dependsOn: [Dependency] {
        steering.dependsOn.enumerated().map { index, name in
            Dependency(name: name, range: dependencyRanges.indices.contains(index) ? dependencyRanges[index] : range)
        }
    }

    /// The names of the workloads that this one depends on, each once, sorted.
    package var dependencies: [WorkloadName] { Set(steering.dependsOn).sorted() }

    package var name: WorkloadName { definition.name }
    package var file: BytePath { BytePath(text: range.filename) }
    /// Whether a task has the workload's file as its source.
    package func isFile(_ source: String?) -> Bool { source.map { ExactText.areSame($0, range.filename) } ?? false }
    package var line: Int { range.start.line }
}
