import CubeJSON
import CubeTypes

/// What a manifest says with `ignore`: a task that differs only there is as declared.
///
/// Nothing is done for the sake of what is ignored. What is done for another reason takes the manifest's values as they
/// are, the ignored ones included: a task that is started anew has all of the manifest, and settings that are changed in
/// place are changed to those of the manifest.
extension Workload {
    /// Whether a task has the declared definition, as far as a change of it would replace the task.
    func matches(_ task: TaskStatus) -> Bool {
        task.specDigest == specDigest
            || isSame(task.definition, in: TaskDefinition.replacingFields, without: TaskDefinition(name: name))
    }

    /// Whether a task has the declared settings.
    func matchesSettings(of task: TaskStatus) -> Bool {
        task.settingsDigest == settingsDigest
            || isSame(
                task.definition, in: TaskDefinition.settingFields,
                without: TaskDefinition(name: name, kind: definition.kind))
    }

    /// A task's definition with the declared settings.
    func settings(for task: TaskStatus) -> TaskDefinition {
        guard task.specDigest != specDigest else { return definition }
        var changed = task.definition
        TaskDefinition.settingFields.copy(from: definition, into: &changed)
        return changed
    }

    /// What differs and is not ignored.
    func differences(to task: TaskStatus) -> [Difference] {
        let (isSame, hasSameSettings) = (matches(task), matchesSettings(of: task))
        guard !isSame || !hasSameSettings else { return [] }
        return definition.differences(from: task.definition).filter { difference in
            let isSetting = Self.settings.contains(String(difference.field.prefix { $0 != "." }))
            return !(isSetting ? hasSameSettings : isSame) && !ignores(difference.field)
        }
    }

    private static let settings = Set(TaskDefinition.settingFields.fields.map(\.key))

    private func ignores(_ field: String) -> Bool {
        ignore.contains { pointer in
            let path = pointer.tokens.joined(separator: ".")
            return field == path || field.utf8.starts(with: (path + ".").utf8)
        }
    }

    private func isSame(
        _ other: TaskDefinition, in table: FieldTable<TaskDefinition>, without standard: TaskDefinition
    ) -> Bool {
        guard !ignore.isEmpty else { return false }
        let pointers = ignore.map { $0.tokens[...] }
        let mine = CanonicalJSON.object(table.canonical(definition, without: standard)).without(pointers)
        return mine == CanonicalJSON.object(table.canonical(other, without: standard)).without(pointers)
    }
}
