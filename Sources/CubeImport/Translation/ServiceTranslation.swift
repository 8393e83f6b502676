import CubeTypes

/// The translation of one service into a manifest.
struct ServiceTranslation {
    /// The name of the service.
    let serviceName: String
    /// The name of the workload.
    let name: String
    let service: ComposeValue
    let place: SourcePlace
    let context: ProjectContext

    var manifest = ManifestDraft()
    var files: [Import.File] = []
    var notes: [ImportNote] = []
    var workerOptions: Set<String> = []
    /// The paths in the container that something is mounted at.
    private var targets: Set<String> = []
    /// How many environment files are secrets.
    var secretEnvironments = 0
    /// The limits and reservations so far, in bytes and thousandths of a core.
    var amounts: [Amount: Int64] = [:]
    /// The labels that a node must have, and those that it must not have.
    var constraints: [String: [String: String]] = [:]
    /// The label over which the tasks are spread.
    var spread: String?

    init(_ member: ComposeValue.Member, in context: ProjectContext) {
        serviceName = member.key
        name = context.names[member.key] ?? ProjectContext.name(member.key)
        service = member.value
        place = member.place
        self.context = context
    }

    /// Translates every key of the service, in the order of the table.
    mutating func translate() {
        manifest["name"] = .string(name)
        if name != serviceName {
            note(
                .changed, .renamed, "the workload is called \(name), because names consist of a-z, 0-9 and -",
                key: "", at: place)
        }
        for member in service.members ?? [] where !member.key.hasPrefix("x-") {
            if ServiceKey.byName[member.key] == nil {
                notes.append(withService(.unknownKey(member, among: ServiceKey.table.map(\.name))))
            }
        }
        for key in ServiceKey.table {
            guard let value = service[key.name], !value.isNull else { continue }
            switch key.handling {
            case .translated(let translate): translate(&self, value)
            case .omitted(let reason): note(.omitted, .unsupported, reason, key: key.name, at: value.place)
            case .omittedIfTrue(let reason):
                if value.boolean != false { note(.omitted, .unsupported, reason, key: key.name, at: value.place) }
            case .withoutEffect(let reason): note(.info, .noEffect, reason, key: key.name, at: value.place)
            case .read: break
            }
        }
        translateAbsentKeys()
        translateDependencies()
        noteHostNames()
    }

    /// Translates what Compose does without being asked.
    private mutating func translateAbsentKeys() {
        if manifest["image"] == nil {
            if service["build"] != nil {
                note(
                    .error, .build,
                    "Cube builds no images; build it, push it to a registry, and add `image`", key: "image", at: place)
            } else {
                note(.error, .missingKey, "the service has neither image nor build", key: "image", at: place)
            }
        }
        if service["network_mode"] == nil, service["networks"]?.isNull ?? true {
            manifest["network"] = .object(("join", .strings(["default"])))
        }
        translateAbsentRestart()
        lowerReservations()
        if manifest["kind"] == .string("job"), manifest["update"] != nil, let deploy = service["deploy"] {
            manifest["update"] = nil
            omit("deploy.update_config", "Cube replaces the tasks of a job one after the other", at: deploy)
        }
    }

    /// A limit or reservation.
    enum Amount { case memoryLimit, memoryReservation, cpuLimit, cpuReservation }

    // MARK: Notes

    mutating func note(
        _ level: ImportNote.Level, _ reason: ImportNote.Reason, _ message: String, key: String, at place: SourcePlace
    ) {
        notes.append(
            ImportNote(
                level, reason, message, service: serviceName, key: key.isEmpty ? nil : key, at: place))
    }

    mutating func omit(_ key: String, _ message: String, at value: ComposeValue) {
        note(.omitted, .unsupported, message, key: key, at: value.place)
    }

    mutating func mismatch(_ key: String, _ value: ComposeValue, expected: String) {
        notes.append(withService(.mismatch(value, expected: expected, key: key)))
    }

    mutating func invalid(_ key: String, _ value: ComposeValue, _ rule: String) {
        let subject = value.elements != nil ? "the list" : value.members != nil ? "the mapping" : value.kind
        note(.error, .invalidValue, "\(subject) \(rule)", key: key, at: value.place)
    }

    func withService(_ note: ImportNote) -> ImportNote {
        var note = note
        note.service = serviceName
        return note
    }

    /// Returns a path in the container in its shortest form; `nil`, with a note, if something else is mounted there.
    mutating func mountPoint(_ path: String, key: String, at value: ComposeValue) -> String? {
        let target = path.absolutePath(from: "/", home: nil)
        guard target != "/" else {
            omit(key, "nothing can be mounted at the root directory of a container", at: value)
            return nil
        }
        guard targets.insert(target).inserted else {
            omit(key, "something else is mounted at \(target.quoted)", at: value)
            return nil
        }
        return target
    }

    /// Notes that the worker has to allow something.
    mutating func needWorkerOption(_ option: String, key: String, at place: SourcePlace) {
        workerOptions.insert(option)
        note(.todo, .workerOption, "start the worker with \(option)", key: key, at: place)
    }

    // MARK: Values

    /// Returns the text of a scalar; reports any other value.
    mutating func text(_ key: String, _ value: ComposeValue) -> String? {
        guard let text = value.stringText else {
            mismatch(key, value, expected: "a string")
            return nil
        }
        return text
    }

    mutating func boolean(_ key: String, _ value: ComposeValue) -> Bool? {
        guard let flag = value.boolean else {
            mismatch(key, value, expected: "true or false")
            return nil
        }
        return flag
    }

    mutating func integer(_ key: String, _ value: ComposeValue, in range: ClosedRange<Int>) -> Int? {
        guard let number = value.stringText.flatMap({ Int($0) }) else {
            mismatch(key, value, expected: "a whole number")
            return nil
        }
        guard range.contains(number) else {
            invalid(key, value, "must be from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return number
    }

    mutating func size(_ key: String, _ value: ComposeValue) -> Int64? {
        guard let bytes = value.text.flatMap(ComposeUnits.bytes) else {
            mismatch(key, value, expected: "a size such as 512m")
            return nil
        }
        return bytes
    }

    /// Returns a duration within a range. A value outside of it is replaced by the nearest one, with a note.
    mutating func duration(_ key: String, _ value: ComposeValue, in range: ClosedRange<Duration>) -> Duration? {
        guard let duration = value.text.flatMap(ComposeUnits.duration) else {
            mismatch(key, value, expected: "a duration such as 1m30s")
            return nil
        }
        let nearest = min(max(duration, range.lowerBound), range.upperBound)
        if nearest != duration {
            note(
                .changed, .similar, "\(value.text ?? "") → \(nearest.text), the nearest value that Cube allows",
                key: key,
                at: value.place)
        }
        return nearest
    }

    /// Returns the strings of a list; reports any other value.
    mutating func strings(_ key: String, _ value: ComposeValue) -> [String] {
        guard let elements = value.elements else {
            mismatch(key, value, expected: "a list")
            return []
        }
        return elements.compactMap { text(key, $0) }
    }

    /// Reads the members of a mapping by a table, and reports keys that the table does not have.
    mutating func read(
        _ key: String, _ value: ComposeValue,
        by readers: [String: (inout ServiceTranslation, ComposeValue) -> Void]
    ) {
        guard let members = value.members else { return mismatch(key, value, expected: "a mapping") }
        for member in members where !member.key.hasPrefix("x-") {
            if let reader = readers[member.key] {
                if !member.value.isNull { reader(&self, member.value) }
            } else {
                notes.append(withService(.unknownKey(member, among: readers.keys.sorted(), below: key)))
            }
        }
    }
}
