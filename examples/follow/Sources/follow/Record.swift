import CubeOrchestratorClient

/// Records everything that was received, in order, and finds what is wrong with it.
actor Record {
    private(set) var jobs: [TaskID] = []
    private var lines = 0
    /// The number of the next line.
    private var next = 1
    private var events: [TaskEvent] = []
    private var changes = 0
    private var tasks: [TaskID: TaskStatus] = [:]
    private var faults: [String] = []

    func ran(_ job: TaskID) { jobs.append(job) }

    /// Records a line of the service, which contains its number.
    func line(_ text: String) {
        lines += 1
        if text != "\(next)" { faults.append("expected line \(next), received \"\(text)\"") }
        next = (Int(text) ?? next) + 1
    }

    func event(_ event: TaskEvent) {
        if let last = events.last, last.revision > event.revision {
            faults.append("the event of revision \(event.revision) came after the event of revision \(last.revision)")
        }
        events.append(event)
    }

    /// Records an event of the watch: the whole list, or changes. Each change must come once.
    func watched(_ event: TaskWatchEvent) {
        switch event {
        case .listed(let list):
            tasks = Dictionary(uniqueKeysWithValues: list.tasks.map { ($0.id, $0) })
        case .changed(let news):
            for task in news.changed {
                changes += 1
                if let known = tasks[task.id], known.revision >= task.revision {
                    faults.append("task \(task.id): received revision \(task.revision) after \(known.revision)")
                }
                tasks[task.id] = task
            }
            for id in news.removed { tasks[id] = nil }
        }
    }

    func hasEnded(_ id: TaskID) -> Bool { tasks[id]?.state.hasEnded ?? false }

    var summary: String {
        "\(jobs.count) jobs, \(lines) lines, \(events.count) events, \(changes) changes of tasks"
    }

    /// - Parameter history: the events that the manager keeps, which may be only the most recent ones.
    func faults(besides history: [TaskEvent]) -> [String] {
        var faults = faults
        let known = Set(events)
        if known.count != events.count { faults.append("\(events.count - known.count) events were duplicated") }
        let missing = history.filter { !known.contains($0) }
        if !missing.isEmpty {
            faults.append("missing events: \(missing.map { "\($0.kind) at \($0.revision)" }.joined(separator: ", "))")
        }
        for id in jobs {
            let completed = events.count { $0.task == id && $0.kind == .taskCompleted }
            if completed != 1 { faults.append("job \(id) completed \(completed) times") }
        }
        let started = Set(events.filter { $0.name?.rawValue == "tick" }.compactMap(\.task))
        if started != Set(jobs) { faults.append("\(jobs.count) jobs were run, but \(started.count) have events") }
        let living = jobs.filter { tasks[$0].map { !$0.state.hasEnded } ?? false }
        if !living.isEmpty { faults.append("the watch has not reported the end of \(living.count) jobs") }
        return faults
    }
}
