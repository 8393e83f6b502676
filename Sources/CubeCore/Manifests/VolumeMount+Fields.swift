import CubeJSON
import CubeTypes

extension VolumeMount {
    static let fields = FieldTable<VolumeMount>(
        [
            Field(
                "source", \.sourcePath, FieldType<String>.hostPath.optional, example: "/srv/web",
                "A directory or a file of the node, by its absolute path. It must exist when the task starts, and the worker of "
                    + "the node must allow it with `--allow-mount`."),
            Field(
                "name", \.volumeName, FieldType<VolumeName>.name(example: "pgdata").optional, example: "pgdata",
                "A named volume. It is created on the node of the first task that names it, belongs to the owner of the task, "
                    + "and outlives its tasks: only a person can remove it. From then on, tasks with this volume run only on "
                    + "this node. All replicas of a workload, and all workloads of an owner that name the "
                    + "volume, share it."),
            Field(
                "scratch", \.scratchBytes, FieldType.size.optional, example: "64MiB",
                "Empty space in the memory of the node, of at most this size. It ends with the run, and counts as memory of "
                    + "the container."),
            Field("target", \.target, .mountPoint, isRequired: true, "The absolute path in the container."),
            Field(
                "read_only", \.isReadOnly, .boolean, "Whether the container can only read. Not allowed for `scratch`."),
        ], standard: VolumeMount(.path(""), target: ""), foreignKeys: ForeignKeys.volume,
        condition: [
            "oneOf": .array(kinds.map { ["required": [.string($0)]] })
        ],
        check: { mount, object, reader in
            let written = kinds.filter { object[$0] != nil }
            if written.count != 1 {
                reader.report(
                    .invalidValue,
                    "must have exactly one of \(kinds.joined(separator: ", ")), but has "
                        + (written.isEmpty ? "none" : written.joined(separator: ", ")),
                    at: written.dropFirst().first.flatMap { object[$0]?.range } ?? object.opening)
            } else if case .scratch(let bytes) = mount.source {
                if bytes == 0, let size = object["scratch"] {
                    reader.report(.outOfRange, "scratch: must be above 0", at: size)
                }
                if mount.isReadOnly, let flag = object["read_only"] {
                    reader.report(
                        .invalidValue, "read_only: must not be true for scratch",
                        detail: "nothing could be written to it",
                        at: flag)
                }
            }
        })

    /// The keys of which a mount has exactly one.
    private static let kinds = ["source", "name", "scratch"]

    private var sourcePath: String? {
        get { if case .path(let path) = source { path } else { nil } }
        set { if let newValue { source = .path(newValue) } }
    }

    private var volumeName: VolumeName? {
        get { if case .volume(let name) = source { name } else { nil } }
        set { if let newValue { source = .volume(newValue) } }
    }

    private var scratchBytes: Int? {
        get { if case .scratch(let bytes) = source { bytes } else { nil } }
        set { if let newValue { source = .scratch(bytes: newValue) } }
    }

    /// Reports volumes of a process, and targets that another volume or a file of the task has.
    static func check(_ definition: TaskDefinition, _ object: JSONValue, _ reader: inout FieldReader) {
        guard let volumes = object["volumes"], !definition.volumes.isEmpty else { return }
        guard definition.image != nil else {
            return reader.report(
                .invalidValue, "must not be set without \"image\"",
                detail: "a process sees the directories of its node, so its command can use their paths",
                at: volumes.range, below: .field("volumes"))
        }
        // Also targets that differ only in their Unicode normalisation, which people cannot tell apart.
        var targets = Set(definition.files.map(\.target))
        for (index, (mount, value)) in zip(definition.volumes, volumes.elements).enumerated() {
            guard let target = value["target"], !targets.insert(mount.target).inserted else { continue }
            let isFile = definition.files.contains { $0.target == mount.target }
            reader.report(
                .invalidValue, "\(Quoted(mount.target)) is \(isFile ? "also the target of a file" : "a duplicate")",
                at: target.range, below: .field("volumes"), .index(index), .field("target"))
        }
    }
}

extension FieldType<[VolumeMount]> {
    static let volumes = array(
        of: FieldType<VolumeMount>.object(VolumeMount.fields, example: ["scratch": "64MiB", "target": "/tmp"]),
        "objects")
}

extension FieldType<String> {
    /// The path of a directory or a file of the node.
    fileprivate static let hostPath = cleanPath(example: "/srv/web")

    /// The path of a mount point in a container.
    fileprivate static let mountPoint = cleanPath(example: "/data")

    /// An absolute path, other than the root directory, in its shortest form.
    private static func cleanPath(example: String) -> FieldType<String> {
        string(
            "absolute path", example: example, schema: ["pattern": "^/"],
            rule: "must be an absolute path without \".\", \"..\", \"//\" or a \"/\" at its end",
            parse: { text in
                text.utf8.first == UInt8(ascii: "/") && String(text.unicodeScalars.dropFirst()).isRelativePath
                    ? text : nil
            },
            write: { .string($0) })
    }
}
