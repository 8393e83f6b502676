package import CubeTypes

/// An operation that a plan requests from the manager. It is a batch operation on a particular task, so it is never a definition
/// alone.
package enum PlannedOperation: Hashable, Sendable {
    case schedule(TaskProposal, maxLive: Int)
    case update(SettingsUpdate)
    case stop(StopRequest)

    package var batched: BatchOperation {
        switch self {
        case .schedule(let proposal, let maxLive): .schedule(proposal, maxLive: maxLive)
        case .update(let update): .update(update)
        case .stop(let stop): .stop(stop)
        }
    }
}

/// A planned operation is encoded as a batch operation.
extension PlannedOperation: Codable {
    package init(from decoder: any Decoder) throws {
        switch try BatchOperation(from: decoder) {
        case .schedule(let proposal, let maxLive): self = .schedule(proposal, maxLive: maxLive)
        case .update(let update): self = .update(update)
        case .stop(let stop): self = .stop(stop)
        case .definition:
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "must be one of schedule, update, stop"))
        }
    }

    package func encode(to encoder: any Encoder) throws { try batched.encode(to: encoder) }
}
