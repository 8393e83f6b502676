import CubeCore

/// What becomes of a workload or a task, in the manner of Terraform; the same sign means the same in every view.
enum ChangeSymbol: String, Hashable, Sendable {
    /// Tasks are started where none was.
    case start = "+"
    /// All tasks are stopped.
    case stop = "-"
    /// Tasks are stopped, and others take their places.
    case replace = "-/+"
    /// Anything else is changed, the number of tasks included.
    case change = "~"
    /// Nothing is done; it needs a look.
    case look = "!"

    /// As wide as the widest one.
    var padded: String { rawValue + String(repeating: " ", count: Self.replace.rawValue.count - rawValue.count) }

    var style: TextLine.Style {
        switch self {
        case .start: .green
        case .stop: .red
        case .replace, .change, .look: .yellow
        }
    }

    /// What becomes of a workload.
    ///
    /// - Parameter actions: what is done to the tasks of its slots.
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
