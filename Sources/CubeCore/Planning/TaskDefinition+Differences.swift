import CubeJSON
import CubeTypes

extension TaskDefinition {
    /// The fields in which a task's definition is not this one, as manifests call them. Values of `env` are not shown.
    func differences(from observed: TaskDefinition) -> [Difference] {
        let (mine, theirs) = (fields, observed.fields)
        return Set(mine.keys).union(theirs.keys).filter { mine[$0] != theirs[$0] }.map { field in
            guard field.hasPrefix(Self.environment) else {
                return Difference(field: field, desired: mine[field], observed: theirs[field])
            }
            let isThere = (mine[field] != nil, theirs[field] != nil)
            return isThere == (true, true)
                ? Difference(field: field, desired: "changed", observed: "changed")
                : Difference(
                    field: field, desired: isThere.0 ? "added" : nil, observed: isThere.1 ? "removed" : nil)
        }
    }

    private static let environment = "env."

    /// Every field that is not empty, as a text.
    private var fields: [String: String] {
        var fields: [String: String] = [
            "kind": kind.rawValue,
            "restart.policy": restart.policy.rawValue,
            "restart.max": "\(restart.max)",
            "restart.within": restart.within.text,
            "restart.backoff": restart.backoff.text,
            "restart.backoff_max": restart.backoffMax.text,
            "stop.signal": stop.signal,
            "stop.grace": stop.grace.text,
        ]
        fields["image"] = image
        if !command.isEmpty {
            let words = CanonicalJSON.array(command.map { .string($0) })
            fields["command"] = String(decoding: words.bytes, as: UTF8.self)
        }
        fields["working_dir"] = workingDirectory
        fields["user"] = user
        if resources.millicores != 0 { fields["cpu"] = resources.coresText }
        if resources.memory != 0 { fields["memory"] = "\(resources.memory)" }
        if resources.disk != 0 { fields["disk"] = "\(resources.disk)" }
        for (key, value) in env { fields[Self.environment + key] = value }
        for (key, value) in labels { fields["labels.\(key)"] = value }
        for (key, value) in constraints.labels { fields["constraints.labels.\(key)"] = value }
        for (key, value) in constraints.not { fields["constraints.not.\(key)"] = value }
        return fields
    }
}

extension ResourceSpec {
    /// Cores, without a floating-point number.
    fileprivate var coresText: String {
        let (whole, rest) = millicores.quotientAndRemainder(dividingBy: 1000)
        guard rest != 0 else { return "\(whole)" }
        var digits = String(String(1000 + rest).dropFirst())
        while digits.last == "0" { digits.removeLast() }
        return "\(whole).\(digits)"
    }
}
