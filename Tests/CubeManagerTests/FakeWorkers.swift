import CubeCore
import CubeErrors
import CubeManager
import CubeTesting
import CubeTypes
import Testing

/// Workers that start and stop tasks at once, and the wire to them, which can be cut.
actor FakeWorkers: WorkerGateway {
    struct Worker {
        var incarnation = "1"
        var sequence = 0
        var tasks: [TaskID: (task: WorkerTask, sequence: Int)] = [:]
        var isReachable = true
        /// The highest term that it has accepted.
        var term = 0
        /// The last sequence number that was asked for.
        var acknowledged: Int?

        mutating func accept(_ term: Int) throws {
            guard term >= self.term else {
                throw APIError(.staleTerm, "term \(term) is lower than \(self.term)", details: ["term": "\(self.term)"])
            }
            self.term = term
        }

        mutating func put(_ task: WorkerTask) {
            sequence += 1
            tasks[task.id] = (task, sequence)
        }
    }

    private var workers: [String: Worker] = [:]
    private var listeners: [AsyncStream<Void>.Continuation] = []
    /// How often each task was assigned, and taken.
    private(set) var assigned: [TaskID: Int] = [:]
    private(set) var started: [TaskID: Int] = [:]
    /// How many answers get lost after the call was carried out.
    private var lostAnswers = 0
    private var refusal: APIError?

    nonisolated let clock: ManualClock

    init(clock: ManualClock) { self.clock = clock }

    func lose(answers: Int) { lostAnswers = answers }
    func refuse(with error: APIError?) { refusal = error }

    func setReachable(_ isReachable: Bool, at url: String) {
        workers[url, default: Worker()].isReachable = isReachable
        wake()
    }

    /// Changes what a worker says of a task.
    func change(_ id: TaskID, at url: String, _ change: (inout WorkerTask) -> Void) {
        guard var task = workers[url]?.tasks[id]?.task else {
            Issue.record("the worker at \(url) has no task \(id)")
            return
        }
        change(&task)
        put(task, at: url)
    }

    /// The highest term that a worker has accepted; another manager may have had it.
    func setTerm(_ term: Int, at url: String) {
        workers[url, default: Worker()].term = term
        wake()
    }

    func acknowledged(at url: String) -> Int? { workers[url]?.acknowledged }

    func term(at url: String) -> Int? { workers[url]?.term }

    func forget(_ id: TaskID, at url: String) { workers[url]?.tasks[id] = nil }

    /// A new start of a worker, which kept its tasks.
    func restart(at url: String) {
        workers[url]?.incarnation += "+"
        wake()
    }

    func task(_ id: TaskID, at url: String) -> WorkerTask? { workers[url]?.tasks[id]?.task }

    private func put(_ task: WorkerTask, at url: String) {
        workers[url, default: Worker()].put(task)
        wake()
    }

    private func wake() {
        for listener in listeners { listener.finish() }
        listeners = []
    }

    private func reach(_ url: String) throws {
        guard workers[url, default: Worker()].isReachable else { throw APIError(.unavailable, "\(url) is cut off") }
    }

    private func answer(_ task: WorkerTask) throws -> WorkerTask {
        guard lostAnswers == 0 else {
            lostAnswers -= 1
            throw APIError(.timeout, "the answer was lost")
        }
        return task
    }

    func tasks(
        at url: String, since: Int?, incarnation: String?, term: Int, cluster: ClusterID, wait: Duration
    ) async throws -> WorkerTaskList {
        while true {
            try reach(url)
            try workers[url, default: Worker()].accept(term)
            workers[url]?.acknowledged = since
            let worker = workers[url, default: Worker()]
            guard let since, incarnation == worker.incarnation else {
                return WorkerTaskList(
                    complete: true, incarnation: worker.incarnation, sequence: worker.sequence,
                    tasks: worker.tasks.values.map(\.task))
            }
            if since < worker.sequence {
                return WorkerTaskList(
                    complete: false, incarnation: worker.incarnation, sequence: worker.sequence,
                    tasks: worker.tasks.values.filter { $0.sequence > since }.map(\.task))
            }
            let (change, listener) = AsyncStream.makeStream(of: Void.self)
            listeners.append(listener)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { for await _ in change {} }
                group.addTask { [clock] in try await clock.sleep(for: wait) }
                try await group.next()
                group.cancelAll()
            }
            try reach(url)
            if workers[url]?.sequence == since, workers[url]?.incarnation == incarnation {
                return WorkerTaskList(complete: false, incarnation: worker.incarnation, sequence: since, tasks: [])
            }
        }
    }

    func assign(_ assignment: TaskAssignment, at url: String) throws -> WorkerTask {
        try reach(url)
        try workers[url, default: Worker()].accept(assignment.term)
        if let refusal { throw refusal }
        assigned[assignment.id, default: 0] += 1
        if let known = task(assignment.id, at: url) { return try answer(known) }
        started[assignment.id, default: 0] += 1
        let task = WorkerTask(
            id: assignment.id, placement: assignment.placement, run: 1, state: .running, ready: true,
            settingsDigest: assignment.settingsDigest ?? assignment.definition.settingsDigest)
        put(task, at: url)
        return try answer(task)
    }

    func stop(
        _ id: TaskID, placement: Int, term: Int, cluster: ClusterID, at url: String
    ) throws -> WorkerTask {
        try reach(url)
        var task =
            task(id, at: url)
            ?? WorkerTask(
                id: id, placement: placement, run: 0, state: .stopped,
                settingsDigest: TaskDefinition(name: WorkloadName(rawValue: "unknown")!).settingsDigest)
        task.state = .stopped
        task.ready = false
        put(task, at: url)
        return try answer(task)
    }

    func updateSettings(_ id: TaskID, _ settings: TaskSettings, at url: String) throws -> WorkerTask {
        try reach(url)
        guard var task = task(id, at: url) else { throw APIError(.taskNotFound, "no task \(id)") }
        task.settingsDigest = settings.settingsDigest ?? settings.definition.settingsDigest
        put(task, at: url)
        return try answer(task)
    }

    func logs(
        _ id: TaskID, _ selection: LogSelection, at url: String
    ) throws -> any AsyncSequence<[UInt8], any Error> & Sendable {
        try reach(url)
        return AsyncThrowingStream<[UInt8], any Error> {
            $0.yield(Array("hello\n".utf8))
            $0.finish()
        }
    }
}
