package import CubeTypes

/// The phase of a task, with the data that exists only in that phase.
package enum TaskPhase: Hashable, Codable, Sendable {
    /// The task is accepted, but has no node.
    case pending(cause: PendingCause)
    /// The task has a node, but no run is alive.
    case scheduled(placement: Placement)
    /// A run is alive.
    case running(placement: Placement)
    /// A stop was requested. The task keeps its slot and its capacity until its worker reports its end.
    case stopping(placement: Placement)
    /// The task has ended and never runs again.
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

    /// The placement that reserves capacity; `nil` before the first placement and after the end.
    package var placement: Placement? {
        switch self {
        case .scheduled(let placement), .running(let placement), .stopping(let placement): placement
        case .pending, .ended: nil
        }
    }

    package var isStopping: Bool { if case .stopping = self { true } else { false } }

    package var hasEnded: Bool { if case .ended = self { true } else { false } }

    /// Whether a stop request would still have an effect.
    package var canStop: Bool { !isStopping && !hasEnded }

    /// Returns the phase with another placement.
    func with(_ placement: Placement) -> TaskPhase {
        switch self {
        case .scheduled: .scheduled(placement: placement)
        case .running: .running(placement: placement)
        case .stopping: .stopping(placement: placement)
        case .pending, .ended: self
        }
    }
}

/// The reason why a task has no node.
package struct PendingCause: Hashable, Codable, Sendable {
    package var reason: TaskReason
    package var message: String

    package init(reason: TaskReason, message: String) {
        self.reason = reason
        self.message = message
    }
}

/// The placement of a task on a node.
package struct Placement: Hashable, Codable, Sendable {
    package var node: NodeName
    /// The number of the placement, counted by the manager from 1.
    package var number: Int
    /// The host name or address of the node; `nil` if it was unknown at the time.
    package var host: String?
    /// The port numbers of the task by the names of the ports.
    package var ports: [String: Int]
    /// The addresses of the dependencies at the time of the placement, by the names of their variables. They are stored so that a
    /// repeated assignment is identical.
    package var addresses: [String: String]
    /// The last report of the worker; `nil` until the worker has acknowledged the placement.
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
    /// Decodes a placement. A placement that an older version stored may have no ports and addresses.
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

/// The end of a task.
package struct TaskEnd: Hashable, Codable, Sendable {
    package enum Outcome: String, Codable, Sendable {
        case completed, failed, stopped

        package var state: TaskState { TaskState(rawValue: rawValue) }
    }

    package var outcome: Outcome
    package var reason: TaskReason?
    package var message: String?
    /// The time of the end by the clock of the worker, if the worker reported it. It is only for display.
    package var at: Timestamp
    /// The time at which the manager recorded the end; `nil` if an older version stored it.
    package var recorded: DurableInstant?
    /// The last placement, with the last report of the worker.
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
