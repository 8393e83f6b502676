package import CubeTypes

extension TaskDefinition {
    /// The digest of the fields that replace a task when they change.
    package var specDigest: Digest { ManifestFields.standard.specDigest(of: self) }

    /// The digest of the fields that change in place.
    package var settingsDigest: Digest { ManifestFields.standard.settingsDigest(of: self) }

    /// Whether a digest is the settings digest of the definition, as computed by this version or by an older one.
    package func hasSettings(_ digest: Digest) -> Bool { ManifestFields.standard.hasSettings(self, digest) }

    /// The definition without the limit of 10 restarts that older versions stored as a default with every service; `nil` if the
    /// definition has no such limit. The settings digest shows whether the manifest set the limit.
    var withoutOlderDefault: TaskDefinition? {
        guard kind == .service, restart.max == 10 else { return nil }
        var definition = self
        definition.restart.max = nil
        return definition
    }
}
