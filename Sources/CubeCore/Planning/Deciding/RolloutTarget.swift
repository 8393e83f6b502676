import CubeJSON
import CubeTypes

/// The definition that all tasks of a workload are to have: the one that its manifest declares, or the one that was healthy
/// before a rollout failed.
///
/// `ignore` of the manifest holds for both: a task that differs only in ignored places has the definition. Cube does nothing for the
/// sake of an ignored place. An action that has another reason takes the whole definition: a new task gets all of it, and
/// settings that change in place become those of the definition.
struct RolloutTarget: Hashable, Sendable {
    let definition: TaskDefinition
    let specDigest: Digest
    let settingsDigest: Digest
    /// The declared digest that a failed rollout gave up; `nil` if the target is what the manifest declares.
    let rejected: Digest?
    private let ignore: [JSONPointer]
    private let fields: ManifestFields

    /// The definition that the manifest declares.
    init(_ workload: Workload) {
        definition = workload.definition
        specDigest = workload.specDigest
        settingsDigest = workload.settingsDigest
        rejected = nil
        ignore = workload.steering.ignore
        fields = workload.fields
    }

    /// The definition of a task that was healthy before the rollout of what the manifest declares.
    init(goingBackTo task: TaskStatus, from workload: Workload) {
        definition = task.definition
        // The definition may hide values; the digest of the task covers them.
        specDigest = task.specDigest
        fields = workload.fields
        settingsDigest = fields.settingsDigest(of: task.definition)
        rejected = workload.specDigest
        ignore = workload.steering.ignore
    }

    /// The rule by which a task with another definition is replaced.
    var rule: Rule { rejected == nil ? .specChanged : .reverted }

    /// Whether a task has all replacing fields of the definition.
    func matches(_ task: TaskStatus) -> Bool {
        task.specDigest == specDigest || isSame(task.definition, in: fields.canonicalSpec)
    }

    /// Whether a task has the settings of the definition.
    func matchesSettings(of task: TaskStatus) -> Bool {
        task.settingsDigest == settingsDigest || isSame(task.definition, in: fields.canonicalSettings)
    }

    /// The change that gives a task the settings of the definition.
    func settingsUpdate(of task: TaskStatus, source: String) -> SettingsUpdate {
        let changed =
            task.specDigest == specDigest
            ? definition : fields.definition(task.definition, withSettingsOf: definition)
        return SettingsUpdate(
            id: task.id, from: task.settingsDigest, to: fields.settingsDigest(of: changed), source: source,
            definition: changed)
    }

    /// The fields in which a task differs, without the ignored ones.
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
