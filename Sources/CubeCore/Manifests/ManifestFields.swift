import CubeJSON
package import CubeTypes

/// The tables of all fields of a manifest, grouped by the effect that a change of a field has on running tasks.
///
/// All digests, comparisons and copies of fields use these tables, so a new field needs only a property and a row in a table. The
/// tables are passed as a value, so that a test can add a field.
package final class ManifestFields: Sendable {
    /// The fields of the spec digest: a change replaces the task.
    let replacing: FieldTable<TaskDefinition>
    /// The fields of the settings digest: a change is made in place.
    let settings: FieldTable<TaskDefinition>
    /// The fields that control the reconciler.
    let steering: FieldTable<Steering>
    /// All fields of a manifest, including the identifying and the unsupported fields.
    let manifest: FieldTable<Manifest>
    /// The keys of a manifest.
    let keys: Set<String>

    /// The fields of this version.
    package static let standard = ManifestFields(
        replacing: TaskDefinition.replacingFields, settings: TaskDefinition.settingFields, steering: Steering.fields)

    init(
        replacing: FieldTable<TaskDefinition>, settings: FieldTable<TaskDefinition>, steering: FieldTable<Steering>
    ) {
        self.replacing = replacing
        self.settings = settings
        self.steering = steering
        manifest = Manifest.table(replacing: replacing, settings: settings, steering: steering)
        keys = Set(manifest.fields.map(\.key))
    }
}

/// Two instances are equal only if they are the same object, because workloads of different tables are not comparable.
extension ManifestFields: Hashable {
    package static func == (left: ManifestFields, right: ManifestFields) -> Bool { left === right }

    package func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

extension ManifestFields {
    /// The digest of the fields that replace a task when they change.
    package func specDigest(of definition: TaskDefinition) -> Digest { .sha256(of: canonicalSpec(definition).bytes) }

    /// The digest of the fields that change in place.
    package func settingsDigest(of definition: TaskDefinition) -> Digest {
        .sha256(of: canonicalSettings(definition).bytes)
    }

    /// The canonical form of the replacing fields. A field written with its default counts as absent. The name is not part of
    /// the form: it belongs to the slot.
    func canonicalSpec(_ definition: TaskDefinition) -> CanonicalJSON {
        var written = definition
        // The default of `no_new_privileges` depends on another field.
        if definition.security.noNewPrivileges == definition.forbidsNewPrivilegesByDefault {
            written.security.noNewPrivileges = nil
        }
        return .object(replacing.canonical(written, without: TaskDefinition(name: definition.name)))
    }

    /// The canonical form of the settings. The defaults of `restart` and `on_lost` depend on the kind.
    func canonicalSettings(_ definition: TaskDefinition) -> CanonicalJSON {
        .object(
            settings.canonical(
                definition, without: TaskDefinition(name: definition.name, kind: definition.kind)))
    }

    /// The canonical form of the steering fields.
    func canonicalSteering(_ value: Steering) -> CanonicalJSON {
        .object(steering.canonical(value, without: steering.standard))
    }

    /// Whether a digest belongs to the settings of a definition, as this version or an older one computes it.
    package func hasSettings(_ definition: TaskDefinition, _ digest: Digest) -> Bool {
        settingsDigest(of: definition) == digest
            || definition.withoutOlderDefault.map(settingsDigest(of:)) == digest
    }

    /// Returns a definition with the settings of another definition. All other fields stay the same.
    package func definition(_ definition: TaskDefinition, withSettingsOf other: TaskDefinition) -> TaskDefinition {
        var changed = definition
        settings.copy(from: other, into: &changed)
        return changed
    }
}
