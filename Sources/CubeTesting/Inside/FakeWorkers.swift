import CubeCore
package import CubeErrors
import CubeManager
package import CubeTypes

/// Fake workers that immediately do what a test says, for tests of the manager and of its callers. Use ``TestCluster`` for tests
/// that need the real worker.
///
/// Each URL is a separate worker. A test can cut the connection to a worker and lose its responses.
package actor FakeWorkers: WorkerGateway {
    private struct Worker {
        var incarnation = "1"
        var sequence = 0
        var tasks: [TaskID: (task: WorkerTask, sequence: Int)] = [:]
        var isReachable = true
        /// The highest term that the worker has accepted.
        var term = 0
        /// The sequence number in the last query.
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

    package nonisolated let clock: ManualClock
    /// Changes a newly assigned task into the task that the worker reports.
    private let launch: @Sendable (inout WorkerTask) -> Void
    private var workers: [String: Worker] = [:]
    private var listeners: [AsyncStream<Void>.Continuation] = []
    /// The number of responses to lose after the worker has carried out the call.
    private var lostAnswers = 0
    private var refusal: APIError?
    private var batchRefusal: APIError?
    private var outputs = ["hello\n"]

    /// The sessions that were started and have not been ended, each with the input that it received. They echo their input.
    private var sessions: [ExecID: [UInt8]] = [:]

    /// The number of times that each task was assigned.
    package private(set) var assigned: [TaskID: Int] = [:]
    /// The number of times that each task was started.
    package private(set) var started: [TaskID: Int] = [:]
    /// The number of batches that the workers carried out.
    package private(set) var batches = 0
    /// The selections of all requests for output.
    package private(set) var selections: [LogSelection] = []

    /// The volumes of all calls to remove one, as `OWNER/NAME`.
    package private(set) var removedVolumes: [String] = []

    /// - Parameters:
    ///   - clock: the clock by which a query waits for a change.
    ///   - refusal: the error of each call that starts, stops or changes a task; `nil` if the worker carries out these calls.
    ///   - launch: changes a newly assigned task into the task that the worker reports; by default, the task is running and ready.
    package init(
        clock: ManualClock, refusal: APIError? = nil, launch: @escaping @Sendable (inout WorkerTask) -> Void = running
    ) {
        self.clock = clock
        self.refusal = refusal
        self.launch = launch
    }

    /// Makes a task running and ready.
    package static let running: @Sendable (inout WorkerTask) -> Void = { task in
        (task.state, task.ready, task.run) = (.running, true, 1)
    }

    // MARK: Actions of a test

    /// Loses the next responses to calls that start, stop or change a task, or start a command. The worker still carries out these calls.
    package func lose(answers: Int) { lostAnswers = answers }
    package func refuse(with error: APIError?) { refusal = error }
    /// Refuses batches as a whole; `nil` carries them out.
    package func refuseBatches(with error: APIError?) { batchRefusal = error }

    /// Sets the outputs that successive requests return; the last one is repeated.
    package func write(_ outputs: [String]) { self.outputs = outputs }

    package func setReachable(_ isReachable: Bool, at url: String) {
        workers[url, default: Worker()].isReachable = isReachable
        wake()
    }

    /// Changes the status of a task that a worker reports.
    package func change(_ id: TaskID, at url: String, _ change: (inout WorkerTask) -> Void) throws {
        var task = try known(id, at: url)
        change(&task)
        put(task, at: url)
    }

    /// Sets the highest term that a worker has accepted, as if another manager had called it.
    package func setTerm(_ term: Int, at url: String) {
        workers[url, default: Worker()].term = term
        wake()
    }

    package func acknowledged(at url: String) -> Int? { workers[url]?.acknowledged }

    package func term(at url: String) -> Int? { workers[url]?.term }

    package func forget(_ id: TaskID, at url: String) { workers[url]?.tasks[id] = nil }

    /// Restarts a worker, which keeps its tasks.
    package func restart(at url: String) {
        workers[url]?.incarnation += "+"
        wake()
    }

    // MARK: Calls of the manager

    package func tasks(
        at url: String, since: Int?, incarnation: String?, term: Int, cluster: ClusterID, wait: Duration,
        renewing lease: LeaseRenewal
    ) async throws -> WorkerTaskList {
        while true {
            try reach(url)
            try workers[url, default: Worker()].accept(term)
            workers[url]?.acknowledged = since
            let worker = workers[url, default: Worker()]
            guard let since, incarnation == worker.incarnation else {
                return WorkerTaskList(
                    complete: true, incarnation: worker.incarnation, sequence: worker.sequence,
                    tasks: worker.tasks.values.map(\.task), volumes: [])
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

    package func assign(_ assignment: TaskAssignment, at url: String) throws -> WorkerTask {
        try reach(url)
        try workers[url, default: Worker()].accept(assignment.term)
        if let refusal { throw refusal }
        assigned[assignment.id, default: 0] += 1
        if let known = workers[url]?.tasks[assignment.id]?.task { return try answer(known) }
        started[assignment.id, default: 0] += 1
        var task = WorkerTask(
            id: assignment.id, placement: assignment.placement, run: 0, state: .scheduled,
            settingsDigest: assignment.settingsDigest ?? assignment.definition.settingsDigest)
        launch(&task)
        if task.state == .running { task.startedAt = clock.timestamp }
        put(task, at: url)
        return try answer(task)
    }

    package func stop(
        _ id: TaskID, placement: Int, term: Int, cluster: ClusterID, at url: String
    ) throws -> WorkerTask {
        try reach(url)
        if let refusal { throw refusal }
        var task =
            workers[url]?.tasks[id]?.task
            ?? WorkerTask(
                id: id, placement: placement, run: 0, state: .stopped,
                settingsDigest: TaskDefinition(name: WorkloadName(rawValue: "unknown")!).settingsDigest)
        task.state = .stopped
        task.ready = false
        put(task, at: url)
        return try answer(task)
    }

    package func updateSettings(_ id: TaskID, _ settings: TaskSettings, at url: String) throws -> WorkerTask {
        try reach(url)
        if let refusal { throw refusal }
        var task = try known(id, at: url)
        task.settingsDigest = settings.settingsDigest ?? settings.definition.settingsDigest
        put(task, at: url)
        return try answer(task)
    }

    package func carryOut(_ batch: WorkerBatch, at url: String) async throws -> [WorkerResult] {
        try reach(url)
        if let batchRefusal { throw batchRefusal }
        batches += 1
        return try await carryOutSeparately(batch, at: url)
    }

    package func metrics(at url: String) throws -> WorkerMetrics {
        try reach(url)
        return WorkerMetrics(
            at: clock.timestamp, cores: 2, load: 0.5, cpuSeconds: 60, memoryTotalBytes: 4 << 30,
            memoryAvailableBytes: 1 << 30, diskTotalBytes: 100 << 30, diskAvailableBytes: 50 << 30, diskReadBytes: 0,
            diskWrittenBytes: 0, networkReceivedBytes: 0, networkSentBytes: 0, uptimeSeconds: 120, tasks: [])
    }

    package func exec(
        _ request: ExecRequest, as session: ExecID, in task: TaskID, at url: String
    ) throws -> (session: ExecSession, created: Bool) {
        try reach(url)
        let isNew = sessions[session] == nil
        if isNew { sessions[session] = [] }
        try loseAnswer()
        return (ExecSession(id: session, task: task), isNew)
    }

    package func execOutput(
        _ session: ExecID, of task: TaskID, after offset: Int, wait: Duration, at url: String
    ) throws -> ExecOutput {
        try reach(url)
        let input = try input(of: session)
        let chunk = ExecChunk(stream: .output, data: Array(input.dropFirst(offset)))
        return ExecOutput(next: input.count, chunks: chunk.data.isEmpty ? [] : [chunk])
    }

    package func execInput(
        _ input: ExecInput, to session: ExecID, of task: TaskID, wait: Duration, at url: String
    ) throws -> ExecReceipt {
        try reach(url)
        let received = try self.input(of: session)
        let all = received + input.data.dropFirst(received.count - input.offset)
        sessions[session] = all
        return ExecReceipt(received: all.count)
    }

    package func resizeExec(_ session: ExecID, of task: TaskID, to size: TerminalSize, at url: String) throws {
        try reach(url)
        _ = try input(of: session)
    }

    package func endExec(_ session: ExecID, of task: TaskID, at url: String) throws {
        try reach(url)
        _ = try input(of: session)
        sessions[session] = nil
    }

    private func input(of session: ExecID) throws(APIError) -> [UInt8] {
        guard let input = sessions[session] else { throw APIError(.sessionNotFound, "session \(session): not found") }
        return input
    }

    package func removeVolume(
        _ name: VolumeName, of owner: OwnerName, term: Int, cluster: ClusterID, at url: String
    ) throws {
        try reach(url)
        if let refusal { throw refusal }
        removedVolumes.append("\(owner)/\(name)")
        try loseAnswer()
    }

    package func logs(
        _ id: TaskID, _ selection: LogSelection, at url: String
    ) throws -> any AsyncSequence<[UInt8], any Error> & Sendable {
        try reach(url)
        selections.append(selection)
        let text = outputs.count > 1 ? outputs.removeFirst() : outputs.first ?? ""
        return AsyncThrowingStream<[UInt8], any Error> {
            $0.yield(Array(text.utf8))
            $0.finish()
        }
    }

    // MARK: Implementation

    private func known(_ id: TaskID, at url: String) throws(APIError) -> WorkerTask {
        guard let task = workers[url]?.tasks[id]?.task else {
            throw APIError(.taskNotFound, "the worker at \(url) has no task \(id)")
        }
        return task
    }

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
        try loseAnswer()
        return task
    }

    private func loseAnswer() throws {
        guard lostAnswers == 0 else {
            lostAnswers -= 1
            throw APIError(.timeout, "the response was lost")
        }
    }
}
