import CubeJSON
package import CubeTypes

/// What is written with its default counts as not written. The name is in no digest: it is the slot's.
extension TaskDefinition {
    /// The digest of the fields that replace a task when they change.
    package var specDigest: Digest {
        var written = self
        // Its default depends on another field.
        if security.noNewPrivileges == forbidsNewPrivilegesByDefault { written.security.noNewPrivileges = nil }
        return written.digest(of: Self.replacingFields, without: TaskDefinition(name: name))
    }

    /// The digest of the fields that change in place.
    package var settingsDigest: Digest {
        digest(of: Self.settingFields, without: TaskDefinition(name: name, kind: kind))
    }

    /// Whether a digest is that of its settings, as this version counts them or as an older one did.
    package func hasSettings(_ digest: Digest) -> Bool {
        settingsDigest == digest || withoutOlderDefault?.settingsDigest == digest
    }

    /// An older version stored its default of 10 restarts with every service: the same without it, `nil` where there is none.
    /// Whether a manifest said so is in the settings digest.
    var withoutOlderDefault: TaskDefinition? {
        guard kind == .service, restart.max == 10 else { return nil }
        var definition = self
        definition.restart.max = nil
        return definition
    }

    private func digest(of table: FieldTable<TaskDefinition>, without standard: TaskDefinition) -> Digest {
        .sha256(of: CanonicalJSON.object(table.canonical(self, without: standard)).bytes)
    }
}
