import CubeJSON
package import CubeTypes

/// The tables of all fields of a manifest, grouped by the effect that a change of a field has on running tasks.
///
/// All digests, comparisons and copies of fields use these tables, so a new field needs only a property and a row in a table. The
/// tables are passed as a value, so that a test can add a field.
package final class ManifestFields: Sendable {
    /// The fields of the spec digest: a change replaces the task.
    let replacing: FieldTable<TaskDefinition.Fields>
    /// The fields of the settings digest: a change is made in place.
    let settings: FieldTable<TaskDefinition.Fields>
    /// The fields that control the reconciler.
    let steering: FieldTable<Steering>
    /// All fields of a manifest, including the identifying and the unsupported fields.
    let manifest: FieldTable<Manifest>
    /// The positions in ``manifest`` of the first fields of ``replacing`` and of ``settings``.
    private let (firstReplacing, firstSetting): (Int, Int)

    /// The fields of this version.
    package static let standard = ManifestFields(
        replacing: TaskDefinition.replacingFields, settings: TaskDefinition.settingFields, steering: Steering.fields)

    init(
        replacing: FieldTable<TaskDefinition.Fields>, settings: FieldTable<TaskDefinition.Fields>,
        steering: FieldTable<Steering>
    ) {
        self.replacing = replacing
        self.settings = settings
        self.steering = steering
        manifest = Manifest.table(replacing: replacing, settings: settings, steering: steering)
        firstReplacing = Manifest.identifyingFields.fields.count
        firstSetting = firstReplacing + replacing.fields.count
    }
}

/// Two instances are equal only if they are the same object, because workloads of different tables are not comparable.
extension ManifestFields: Hashable {
    package static func == (left: ManifestFields, right: ManifestFields) -> Bool { left === right }

    package func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

extension ManifestFields {
    /// The digest of the fields that replace a task when they change.
    ///
    /// - Parameter present: the fields of a manifest, of which the others have their default; if omitted, each may have any value.
    package func specDigest(of definition: TaskDefinition, among present: PresentFields = .all) -> Digest {
        .sha256(
            of: replacing.canonicalBytes(
                Self.written(definition).fields, without: TaskDefinition.standardService.fields,
                among: present.from(firstReplacing)))
    }

    /// The digest of the fields that change in place.
    ///
    /// - Parameter present: the fields of a manifest, of which the others have their default; if omitted, each may have any value.
    package func settingsDigest(of definition: TaskDefinition, among present: PresentFields = .all) -> Digest {
        .sha256(
            of: settings.canonicalBytes(
                definition.fields, without: TaskDefinition.standard(of: definition.kind).fields,
                among: present.from(firstSetting)))
    }

    /// The canonical form of the replacing fields. A field written with its default counts as absent. The name is not part of
    /// the form: it belongs to the slot.
    func canonicalSpec(_ definition: TaskDefinition) -> CanonicalJSON {
        .object(
            replacing.canonical(Self.written(definition).fields, without: TaskDefinition.standardService.fields))
    }

    /// Returns a definition in which `no_new_privileges` is absent if it has its default, which depends on another field.
    private static func written(_ definition: TaskDefinition) -> TaskDefinition {
        guard definition.security.noNewPrivileges == definition.forbidsNewPrivilegesByDefault else { return definition }
        var written = definition
        written.security.noNewPrivileges = nil
        return written
    }

    /// The canonical form of the settings. The defaults of `restart` and `on_lost` depend on the kind.
    func canonicalSettings(_ definition: TaskDefinition) -> CanonicalJSON {
        .object(settings.canonical(definition.fields, without: TaskDefinition.standard(of: definition.kind).fields))
    }

    /// The canonical form of the steering fields.
    func canonicalSteering(_ value: Steering) -> CanonicalJSON {
        .object(steering.canonical(value, without: steering.standard))
    }

    /// Whether a digest belongs to the settings of a definition, as this version or an older one computes it.
    package func hasSettings(_ definition: TaskDefinition, _ digest: Digest) -> Bool {
        settingsDigest(of: definition) == digest
            || definition.withoutOlderDefault.map { settingsDigest(of: $0) } == digest
    }

    /// Returns a definition with the settings of another definition. All other fields stay the same.
    package func definition(_ definition: TaskDefinition, withSettingsOf other: TaskDefinition) -> TaskDefinition {
        var changed = definition
        settings.copy(from: other.fields, into: &changed.fields)
        return changed
    }
}

extension TaskDefinition {
    /// A definition with all defaults. No default depends on the name.
    fileprivate static let standardService = TaskDefinition(name: Manifest.empty.definition.name)
    private static let standardJob = TaskDefinition(name: Manifest.empty.definition.name, kind: .job)

    /// Returns a definition with all defaults of a kind.
    fileprivate static func standard(of kind: TaskKind) -> TaskDefinition {
        switch kind {
        case .service: standardService
        case .job: standardJob
        default: TaskDefinition(name: standardService.name, kind: kind)
        }
    }
}
