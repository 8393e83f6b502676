import CubeTypes
import CubeWorker

/// A task whose output can be read.
struct LoggedTask: Hashable, Sendable {
    var id: TaskID
    var name: WorkloadName
    var ordinal: Int
    var attempt: Int
    var kind: TaskKind
    var state: TaskState
    /// Whether a node has it or had it.
    var hasOutput: Bool

    var hasEnded: Bool { state.hasEnded }
    /// As people name it: `web/0`.
    var slot: String { "\(name)/\(ordinal)" }
}

extension LoggedTask {
    init(_ task: TaskStatus) {
        self.init(
            id: task.id, name: task.name, ordinal: task.ordinal, attempt: task.attempt, kind: task.definition.kind,
            state: task.state, hasOutput: task.node != nil)
    }

    init(_ task: StoredTasks.Task) {
        let assignment = task.assignment
        self.init(
            id: assignment.id, name: assignment.definition.name, ordinal: assignment.ordinal,
            attempt: assignment.attempt, kind: assignment.definition.kind, state: task.hasEnded ? .stopped : .running,
            hasOutput: true)
    }
}

/// Which tasks are meant by what a person named.
struct LogChoice {
    private let subjects: [LogSubject]

    /// - Parameter subjects: none: all tasks.
    init(_ subjects: [LogSubject]) { self.subjects = subjects }

    func isMeant(_ task: LoggedTask) -> Bool { subjects.isEmpty || subjects.contains { $0.matches(task) } }

    /// The living tasks of each slot, or else the last; by name, ordinal and attempt. What is named by its id is that.
    ///
    /// - Parameter previous: of each slot the task before the present one instead; none where none is known.
    func tasks(of all: [LoggedTask], previous: Bool = false) -> [LoggedTask] {
        let slots = Dictionary(grouping: all.filter(isMeant), by: \.slot).values
        let chosen = slots.flatMap { tasks -> [LoggedTask] in
            let tasks = tasks.sorted { $0.attempt < $1.attempt }
            if previous { return tasks.dropLast().suffix(1) }
            let named = tasks.filter { subjects.contains(.task($0.id)) }
            let living = tasks.filter { !$0.hasEnded }
            return named.isEmpty ? (living.isEmpty ? tasks.suffix(1) : living) : named
        }
        return chosen.sorted { ($0.name, $0.ordinal, $0.attempt) < ($1.name, $1.ordinal, $1.attempt) }
    }
}
