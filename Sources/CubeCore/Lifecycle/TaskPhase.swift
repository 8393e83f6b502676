package import CubeTypes

/// Where a task stands, with what is known only there.
package enum TaskPhase: Hashable, Codable, Sendable {
    /// Accepted; no node has it.
    case pending(cause: PendingCause)
    /// Given to a node, and no run is alive.
    case scheduled(placement: Placement)
    /// A run is alive.
    case running(placement: Placement)
    /// A stop was asked for; it holds its slot and its capacity until it is seen dead.
    case stopping(placement: Placement)
    /// It never runs again.
    case ended(end: TaskEnd)

    package var state: TaskState {
        switch self {
        case .pending: .pending
        case .scheduled: .scheduled
        case .running: .running
        case .stopping: .stopping
        case .ended(let end): end.outcome.state
        }
    }

    /// The placement that holds capacity; `nil` before the first and after the end.
    package var placement: Placement? {
        switch self {
        case .scheduled(let placement), .running(let placement), .stopping(let placement): placement
        case .pending, .ended: nil
        }
    }

    package var isStopping: Bool { if case .stopping = self { true } else { false } }

    package var hasEnded: Bool { if case .ended = self { true } else { false } }

    /// Whether a stop would still change it.
    package var canStop: Bool { !isStopping && !hasEnded }

    /// The same phase with another placement.
    func with(_ placement: Placement) -> TaskPhase {
        switch self {
        case .scheduled: .scheduled(placement: placement)
        case .running: .running(placement: placement)
        case .stopping: .stopping(placement: placement)
        case .pending, .ended: self
        }
    }
}

/// Why a task has no node.
package struct PendingCause: Hashable, Codable, Sendable {
    package var reason: TaskReason
    package var message: String

    package init(reason: TaskReason, message: String) {
        self.reason = reason
        self.message = message
    }
}

/// A task on a node.
package struct Placement: Hashable, Codable, Sendable {
    package var node: NodeName
    /// Counted by the manager, from 1.
    package var number: Int
    /// Where the node is reached; `nil` where nobody knew yet.
    package var host: String?
    /// The numbers of the task's ports, by their names.
    package var ports: [String: Int]
    /// Where what it depends on was served when it was placed, by the names of variables. It is kept, so that the same
    /// assignment is the same again.
    package var addresses: [String: String]
    /// What the worker said last; `nil` until it acknowledged the placement.
    package var report: WorkerTask?

    package init(
        node: NodeName, number: Int, host: String? = nil, ports: [String: Int] = [:],
        addresses: [String: String] = [:], report: WorkerTask? = nil
    ) {
        self.node = node
        self.number = number
        self.host = host
        self.ports = ports
        self.addresses = addresses
        self.report = report
    }
}

extension Placement {
    /// One that was stored before there were ports and addresses has none.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            node: try container.decode(NodeName.self, forKey: .node),
            number: try container.decode(Int.self, forKey: .number),
            host: try container.decodeIfPresent(String.self, forKey: .host),
            ports: try container.decodeIfPresent([String: Int].self, forKey: .ports) ?? [:],
            addresses: try container.decodeIfPresent([String: String].self, forKey: .addresses) ?? [:],
            report: try container.decodeIfPresent(WorkerTask.self, forKey: .report))
    }
}

/// How a task ended.
package struct TaskEnd: Hashable, Codable, Sendable {
    package enum Outcome: String, Codable, Sendable {
        case completed, failed, stopped

        package var state: TaskState { TaskState(rawValue: rawValue) }
    }

    package var outcome: Outcome
    package var reason: TaskReason?
    package var message: String?
    /// By the clock of its worker, where that saw it: a label, which decides nothing.
    package var at: Timestamp
    /// When the manager recorded it; `nil` of what an older version stored.
    package var recorded: DurableInstant?
    /// Where it ran last, with the worker's last report.
    package var placement: Placement?

    package init(
        outcome: Outcome, reason: TaskReason?, message: String? = nil, at: Timestamp, placement: Placement? = nil
    ) {
        self.outcome = outcome
        self.reason = reason
        self.message = message
        self.at = at
        self.placement = placement
    }
}
