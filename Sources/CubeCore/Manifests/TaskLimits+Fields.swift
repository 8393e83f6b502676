import CubeJSON
package import CubeTypes

extension TaskLimits {
    static let fields = FieldTable<TaskLimits>(
        [
            Field(
                "memory", \.memory, FieldType.size(from: 6 << 20).optional, default: "no limit", example: "600MiB",
                "Memory, without swap. A task that uses more is killed, and ends with the reason `oom_killed`."),
            Field(
                "cpu", \.millicores, FieldType.cores(from: 10).optional, default: "no limit", example: 1,
                "CPU time in cores. A task that would use more runs slower."),
            Field(
                "pids", \.pids, FieldType.integer(1...4_194_304).optional, default: "no limit", example: 200,
                "Processes and threads. A task that has as many cannot start another one."),
            Field(
                "open_files", \.openFiles, FieldType.integer(16...1_048_576).optional,
                default: "that of the engine or of the worker", example: 65_536,
                "Open files of each process."),
            Field(
                "disk", \.disk, FieldType.size.optional, default: "no limit", example: "10GiB",
                "Disk space. No node enforces it yet."),
        ], standard: TaskLimits())

    /// A limit below the reservation of the same resource.
    struct Conflict {
        var field: String
        /// The conflict, worded as the end of a message.
        var rule: String
    }

    /// Returns the limits of a task that are below what it reserves.
    static func conflicts(in definition: TaskDefinition) -> [Conflict] {
        let (limits, reserved) = (definition.limits, definition.resources)
        func conflict(_ field: String, _ limit: Int?, _ reserved: Int, _ text: (Int) -> String) -> Conflict? {
            guard let limit, limit < reserved else { return nil }
            return Conflict(
                field: field,
                rule: "\(text(limit)) is below the \(field) that the task reserves (\(field): \(text(reserved)))")
        }
        return [
            conflict("memory", limits.memory, reserved.memory, FieldType<Int>.sizeText),
            conflict("cpu", limits.millicores, reserved.millicores, FieldType<Int>.coresText),
            conflict("disk", limits.disk, reserved.disk, FieldType<Int>.sizeText),
        ].compactMap(\.self)
    }

    static func check(_ definition: TaskDefinition, _ object: JSONValue, _ reader: inout FieldReader) {
        guard let limits = object["limits"] else { return }
        for conflict in conflicts(in: definition) {
            reader.report(
                .outOfRange, conflict.rule, at: (limits[conflict.field] ?? limits).range, below: .field("limits"),
                .field(conflict.field))
        }
    }

    /// The names of the declared limits, as the status of a task names them.
    package var names: [String] {
        [
            ("memory", memory), ("cpu", millicores), ("pids", pids), ("open_files", openFiles), ("disk", disk),
        ].compactMap { name, value in value.map { _ in "limits.\(name)" } }
    }
}
