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

    private func digest(of table: FieldTable<TaskDefinition>, without standard: TaskDefinition) -> Digest {
        .sha256(of: CanonicalJSON.object(table.canonical(self, without: standard)).bytes)
    }
}
