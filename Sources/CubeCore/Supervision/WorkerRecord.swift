package import CubeTypes

/// The durable record of one task on its worker.
package enum WorkerRecord: Codable, Hashable, Sendable {
    case placement(SupervisedPlacement)
    /// A stop arrived before the placement that it stops, so the placement must never start.
    case tombstone(TaskID, placement: Int, at: DurableInstant)

    package var id: TaskID {
        switch self {
        case .placement(let placement): placement.assignment.id
        case .tombstone(let id, _, _): id
        }
    }

    package var placement: Int {
        switch self {
        case .placement(let placement): placement.assignment.placement
        case .tombstone(_, let placement, _): placement
        }
    }

    /// The id in the definition of the task.
    package var key: String? {
        if case .placement(let placement) = self { placement.assignment.definition.id } else { nil }
    }

    /// The run of another task whose network the task uses.
    var networkHolder: RunIdentity? {
        if case .placement(let placement) = self { placement.networkHolder } else { nil }
    }

    package var endedAt: DurableInstant? {
        switch self {
        case .placement(let placement): placement.endedAt
        case .tombstone(_, _, let at): at
        }
    }

    /// Whether the task must end or has ended. Such a record may use the disk space that is reserved for a full disk.
    package var isOfStop: Bool {
        switch self {
        case .placement(let placement): placement.desired == .stop || placement.endedAt != nil
        case .tombstone: true
        }
    }
}
