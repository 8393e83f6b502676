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
}
