import CubeJSON
package import CubeTypes

/// Digests of a definition. A field that is set to its default has the same digest as an omitted field. No digest contains the
/// name, which belongs to the slot.
extension TaskDefinition {
    /// The digest of the fields that replace a task when they change.
    package var specDigest: Digest {
        var written = self
        // The default depends on another field.
        if security.noNewPrivileges == forbidsNewPrivilegesByDefault { written.security.noNewPrivileges = nil }
        return written.digest(of: Self.replacingFields, without: TaskDefinition(name: name))
    }

    /// The digest of the fields that change in place.
    package var settingsDigest: Digest {
        digest(of: Self.settingFields, without: TaskDefinition(name: name, kind: kind))
    }

    /// Whether a digest is the settings digest of the definition, as computed by this version or by an older one.
    package func hasSettings(_ digest: Digest) -> Bool {
        settingsDigest == digest || withoutOlderDefault?.settingsDigest == digest
    }

    /// The definition without the limit of 10 restarts that older versions stored as a default with every service; `nil` if the
    /// definition has no such limit. The settings digest shows whether the manifest set the limit.
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
