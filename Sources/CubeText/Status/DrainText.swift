import CubeCore
package import CubeTypes

/// The drain of a node, or a forecast of it, as people read it.
package struct DrainText: Sendable {
    private let drain: NodeDrain

    package init(_ drain: NodeDrain) { self.drain = drain }

    /// The drain as a heading and a table of the tasks on the node.
    package var lines: [TextLine] { [heading] + (drain.tasks.isEmpty ? [] : [""] + table.lines()) }

    package var heading: TextLine {
        let node = "node \(drain.node)"
        let stays = drain.tasks.count { $0.step == .stays }
        let held = stays == 0 ? "" : ", \(stays) of which \(stays == 1 ? "stays" : "stay") for now"
        let silence: TextLine = drain.state == .silent ? "; it is silent" : ""
        if drain.done { return "\(node) is drained" + silence }
        if drain.draining {
            return "\(node) is being drained; \(Count(drain.tasks.count, "task").verb("is", "are")) left on it\(held)"
                + silence
        }
        return "a drain of \(node) would move \(Count(drain.tasks.count - stays, "task"))"
            + (stays == 0 ? "" : ", and leave \(stays) where \(stays == 1 ? "it is" : "they are")") + silence
    }

    private var table: Table {
        Table(
            "TASK", "OWNER", "STATE", "STEP", "TO", "WHY",
            rows: drain.tasks.map { task in
                [
                    Table.Cell(task.title, .bold), "\(task.owner)", Table.Cell(task.state),
                    TextLine(task.step.rawValue, task.step == .stays ? .yellow : nil),
                    "\(task.to.map(\.rawValue) ?? "-")", "\(task.why ?? "")",
                ]
            })
    }

    /// Returns a line for each task whose step changed since an earlier view, and for each task that is gone.
    package func news(since earlier: NodeDrain?) -> [TextLine] {
        let known = Dictionary((earlier?.tasks ?? []).map { ($0.id, $0) }) { _, last in last }
        let present = Set(drain.tasks.map(\.id))
        let gone = (earlier?.tasks ?? []).filter { !present.contains($0.id) }
        return gone.map { "\($0.title) has left" + ($0.to.map { TextLine(", for node \($0)") } ?? "") }
            + drain.tasks.filter { task in
                known[task.id].map { $0.step != task.step || $0.reason != task.reason } ?? true
            }.map(\.progress)
    }
}

extension DrainedTask {
    fileprivate var title: String { "\(name)/\(ordinal)" }

    fileprivate var why: String? {
        message.map { text in text + (reason.map { " (\($0))" } ?? "") } ?? reason?.rawValue
    }

    fileprivate var progress: TextLine {
        let rest = why.map { ": \($0)" } ?? ""
        switch step {
        case .stopping: return "\(title) is stopping"
        case .stays: return "\(title) stays\(rest)"
        default: return "\(title) \(to.map { "moves to node \($0)" } ?? "moves")\(rest)"
        }
    }
}
