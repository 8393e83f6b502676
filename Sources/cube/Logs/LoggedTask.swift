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
    /// Whether the task has or had a node.
    var hasOutput: Bool

    var hasEnded: Bool { state.hasEnded }
    /// The slot in words, such as `web/0`.
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

/// Selects the tasks that the command line names.
struct LogChoice {
    private let subjects: [LogSubject]

    /// - Parameter subjects: The named subjects; if empty, all tasks.
    init(_ subjects: [LogSubject]) { self.subjects = subjects }

    func isMeant(_ task: LoggedTask) -> Bool { subjects.isEmpty || subjects.contains { $0.matches(task) } }

    /// The live tasks of each slot or, if there are none, its last task; sorted by name, ordinal and attempt. A task
    /// that is named by its id is always included.
    ///
    /// - Parameter previous: Select the previous task of each slot instead. A slot without a known previous task has
    ///   none.
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

    /// The named subjects that none of the tasks matches, in the order in which they were named.
    func missing(in tasks: [LoggedTask]) -> [LogSubject] {
        subjects.filter { subject in !tasks.contains(where: subject.matches) }
    }
}
