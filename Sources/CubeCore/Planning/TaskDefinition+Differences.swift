import CubeJSON
import CubeTypes

extension TaskDefinition {
    /// The fields in which a task's definition is not this one, as manifests call them. Values of `env` are not shown.
    ///
    /// - Parameter observed: what ``ObservedState/disclose(by:)`` could not show may be hidden in it.
    func differences(from observed: TaskDefinition) -> [Difference] {
        let (mine, theirs) = (fields, observed.fields)
        // Of several values that may not be seen, the digest says that not all are the same, and not which.
        let changed = observed.env.values.count { $0 == Self.hiddenValue } > 1 ? "perhaps changed" : "changed"
        return Set(mine.keys).union(theirs.keys).filter { mine[$0] != theirs[$0] }.map { field in
            guard field.hasPrefix(Self.environment) else {
                return Difference(field: field, desired: mine[field], observed: theirs[field])
            }
            let isThere = (mine[field] != nil, theirs[field] != nil)
            return isThere == (true, true)
                ? Difference(field: field, desired: changed, observed: changed)
                : Difference(
                    field: field, desired: isThere.0 ? "added" : nil, observed: isThere.1 ? "removed" : nil)
        }
    }

    private static let environment = "env."

    /// Every field that has a value, as a text, by its path.
    private var fields: [String: String] {
        var fields: [String: String] = [:]
        CanonicalJSON.object(Self.replacingFields.shown(self)).list(in: &fields)
        CanonicalJSON.object(Self.settingFields.shown(self)).list(in: &fields)
        return fields
    }
}

extension CanonicalJSON {
    /// Lists what an object holds, as texts, with the names on the way to them joined by dots.
    func list(in texts: inout [String: String], at path: String = "") {
        switch self {
        case .object(let members):
            for (key, value) in members { value.list(in: &texts, at: path.isEmpty ? key : "\(path).\(key)") }
        case .array([]): break
        case .string(let text): texts[path] = text
        case .array, .integer, .boolean: texts[path] = String(decoding: bytes, as: UTF8.self)
        }
    }
}
