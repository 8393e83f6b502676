import CubeJSON
import CubeTypes

/// The definition that all tasks of a workload should have: the declared definition, or the one that was healthy before a rollout
/// failed.
///
/// The manifest's `ignore` applies to both: a task that differs only in ignored fields matches the definition. Cube never acts
/// because of an ignored field alone. An action with another reason applies the whole definition, including the ignored fields: a
/// new task gets all of it, and an update in place applies all of its settings.
struct RolloutTarget: Hashable, Sendable {
    let definition: TaskDefinition
    let specDigest: Digest
    let settingsDigest: Digest
    /// The declared digest that a failed rollout gave up; `nil` if the target is what the manifest declares.
    let rejected: Digest?
    private let ignore: [JSONPointer]
    private let fields: ManifestFields

    /// Creates a target with the definition that the manifest declares.
    init(_ workload: Workload) {
        definition = workload.definition
        specDigest = workload.specDigest
        settingsDigest = workload.settingsDigest
        rejected = nil
        ignore = workload.steering.ignore
        fields = workload.fields
    }

    /// Creates a target with the definition of a task that was healthy before the declared rollout.
    init(goingBackTo task: TaskStatus, from workload: Workload) {
        definition = task.definition
        // The values in the definition may be hidden, so the digest is taken from the task, whose digest covers the values.
        specDigest = task.specDigest
        fields = workload.fields
        settingsDigest = fields.settingsDigest(of: task.definition)
        rejected = workload.specDigest
        ignore = workload.steering.ignore
    }

    /// The rule for replacing a task that has another definition.
    var rule: Rule { rejected == nil ? .specChanged : .reverted }

    /// Returns whether a task matches the definition in all fields whose change replaces the task.
    func matches(_ task: TaskStatus) -> Bool {
        task.specDigest == specDigest || isSame(task.definition, in: fields.canonicalSpec)
    }

    /// Returns whether a task has the settings of the definition.
    func matchesSettings(of task: TaskStatus) -> Bool {
        task.settingsDigest == settingsDigest || isSame(task.definition, in: fields.canonicalSettings)
    }

    /// Returns the update in place that gives a task the settings of the definition.
    func settingsUpdate(of task: TaskStatus, source: String) -> SettingsUpdate {
        let changed =
            task.specDigest == specDigest
            ? definition : fields.definition(task.definition, withSettingsOf: definition)
        return SettingsUpdate(
            id: task.id, from: task.settingsDigest, to: fields.settingsDigest(of: changed), source: source,
            definition: changed)
    }

    /// Returns the fields in which a task differs from the definition, without the ignored fields.
    func differences(to task: TaskStatus) -> [Difference] {
        let (isSame, hasSameSettings) = (matches(task), matchesSettings(of: task))
        guard !isSame || !hasSameSettings else { return [] }
        return fields.differences(from: task.definition, to: definition).filter { difference in
            !(difference.replaces ? isSame : hasSameSettings) && !ignores(difference.field)
        }
    }

    private func ignores(_ field: String) -> Bool {
        ignore.contains { pointer in
            let path = pointer.tokens.joined(separator: ".")
            return field == path || field.utf8.starts(with: (path + ".").utf8)
        }
    }

    private func isSame(_ other: TaskDefinition, in canonical: (TaskDefinition) -> CanonicalJSON) -> Bool {
        guard !ignore.isEmpty else { return false }
        let pointers = ignore.map { $0.tokens[...] }
        return canonical(definition).without(pointers) == canonical(other).without(pointers)
    }
}
