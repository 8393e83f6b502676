import CubeTypes

/// Decides which tasks to follow as tasks start and end. ``LogFollower`` reads and writes their output.
struct LogFollow {
    private let subjects: [LogSubject]
    private let choice: LogChoice
    private var tasks: [TaskID: LoggedTask] = [:]
    /// The tasks that were followed, or had ended before following began.
    private var known: Set<TaskID> = []
    private var followed: Set<TaskID> = []
    private var hasBegun = false

    init(_ subjects: [LogSubject]) {
        self.subjects = subjects
        choice = LogChoice(subjects)
    }

    /// A task to follow from now on.
    struct Opening: Hashable {
        var task: LoggedTask
        /// Whether the task started after following began, so that all of its output is wanted.
        var isNew: Bool
    }

    /// Applies a change.
    ///
    /// - Returns: The tasks to follow in addition, by name, ordinal and attempt.
    mutating func take(_ change: LogChange) -> [Opening] {
        switch change {
        case .listed(let all): tasks = Dictionary(all.map { ($0.id, $0) }) { $1 }
        case .changed(let changed, let removed):
            for task in changed { tasks[task.id] = task }
            for id in removed { tasks[id] = nil }
        }
        tasks = tasks.filter { choice.isMeant($0.value) }
        let wasBegun = hasBegun
        hasBegun = true
        // Tasks that had ended before following began are ignored; live and later tasks are followed.
        let meant =
            wasBegun ? tasks.values.filter { !known.contains($0.id) } : choice.tasks(of: Array(tasks.values))
        known.formUnion(tasks.keys)
        let new = meant.sorted { ($0.name, $0.ordinal, $0.attempt) < ($1.name, $1.ordinal, $1.attempt) }
        followed.formUnion(new.map(\.id))
        return new.map { Opening(task: $0, isNew: wasBegun) }
    }

    /// Whether no more output can appear: only jobs or single tasks are named, and all of their tasks have ended.
    var isOver: Bool {
        !subjects.isEmpty
            && subjects.allSatisfy { subject in
                let own = tasks.values.filter(subject.matches)
                let isFinite = if case .task = subject { true } else { own.allSatisfy { $0.kind == .job } }
                return !own.isEmpty && isFinite && own.allSatisfy(\.hasEnded)
            }
    }

    /// Whether lines need a prefix, because more than one slot is followed.
    var isPrefixed: Bool {
        subjects.count != 1 || Set(followed.compactMap { tasks[$0]?.slot }).count > 1
    }
}
