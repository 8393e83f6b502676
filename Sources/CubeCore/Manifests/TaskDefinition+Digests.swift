import CubeJSON
package import CubeTypes

extension TaskDefinition {
    /// The digest of the fields that a change of replaces the task.
    package var specDigest: Digest {
        var fields: [String: CanonicalJSON] = [:]
        if kind != .service { fields["kind"] = .string(kind.rawValue) }
        if let image { fields["image"] = .string(image) }
        if !command.isEmpty { fields["command"] = .array(command.map { .string($0) }) }
        if !env.isEmpty { fields["env"] = .object(env.mapValues { .string($0) }) }
        if let workingDirectory { fields["working_dir"] = .string(workingDirectory) }
        if let user { fields["user"] = .string(user) }
        if resources.millicores != 0 { fields["cpu"] = .integer(Int64(resources.millicores)) }
        if resources.memory != 0 { fields["memory"] = .integer(Int64(resources.memory)) }
        if resources.disk != 0 { fields["disk"] = .integer(Int64(resources.disk)) }
        return .sha256(of: CanonicalJSON.object(fields).bytes)
    }

    /// The digest of the fields that change in place.
    package var settingsDigest: Digest {
        var fields: [String: CanonicalJSON] = [:]
        if !labels.isEmpty { fields["labels"] = .object(labels.mapValues { .string($0) }) }
        var rules: [String: CanonicalJSON] = [:]
        if !constraints.labels.isEmpty {
            rules["labels"] = .object(constraints.labels.mapValues { .string($0) })
        }
        if !constraints.not.isEmpty { rules["not"] = .object(constraints.not.mapValues { .string($0) }) }
        if !rules.isEmpty { fields["constraints"] = .object(rules) }
        var ending: [String: CanonicalJSON] = [:]
        if stop.signal != StopPolicy().signal { ending["signal"] = .string(stop.signal) }
        if stop.grace != StopPolicy().grace { ending["grace"] = .integer(stop.grace.milliseconds) }
        if !ending.isEmpty { fields["stop"] = .object(ending) }
        let standard = RestartPolicy.standard(for: kind)
        var again: [String: CanonicalJSON] = [:]
        if restart.policy != standard.policy { again["policy"] = .string(restart.policy.rawValue) }
        if restart.max != standard.max { again["max"] = .integer(Int64(restart.max)) }
        if restart.within != standard.within { again["within"] = .integer(restart.within.milliseconds) }
        if restart.backoff != standard.backoff { again["backoff"] = .integer(restart.backoff.milliseconds) }
        if restart.backoffMax != standard.backoffMax {
            again["backoff_max"] = .integer(restart.backoffMax.milliseconds)
        }
        if !again.isEmpty { fields["restart"] = .object(again) }
        return .sha256(of: CanonicalJSON.object(fields).bytes)
    }
}
