import CubeCore

/// The kind of change of a workload or task, with symbols as in Terraform. All views use the same symbols.
enum ChangeSymbol: String, Hashable, Sendable {
    /// New tasks are started.
    case start = "+"
    /// All tasks are stopped.
    case stop = "-"
    /// Tasks are replaced.
    case replace = "-/+"
    /// Any other change, including the number of tasks.
    case change = "~"
    /// No action is planned, but the workload needs attention.
    case look = "!"

    /// The symbol, padded to the width of the widest one.
    var padded: String { rawValue + String(repeating: " ", count: Self.replace.rawValue.count - rawValue.count) }

    var style: TextLine.Style {
        switch self {
        case .start: .green
        case .stop: .red
        case .replace, .change, .look: .yellow
        }
    }

    /// The change of a workload.
    ///
    /// - Parameter actions: The actions on its tasks.
    init(of actions: [(ordinal: Int, verb: PlannedAction.Verb)], _ replicas: WorkloadStatus.Replicas) {
        let slots = Dictionary(grouping: actions) { $0.ordinal }.mapValues { Set($0.map { $0.verb }) }
        if slots.isEmpty {
            self = .look
        } else if slots.values.contains(where: { $0.isSuperset(of: [.stop, .schedule]) }) {
            self = .replace
        } else if replicas.live == 0 {
            self = .start
        } else {
            self = replicas.desired == 0 ? .stop : .change
        }
    }
}
