import CubeCore
import CubeErrors
package import CubeTypes
import CubeVersion
import Glibc
import Logging

extension WorkerService {
    // MARK: Tasks

    /// Takes a placement over. The same one again changes nothing.
    package func assign(_ assignment: TaskAssignment) async throws -> (task: WorkerTask, created: Bool) {
        try accept(cluster: assignment.cluster, term: assignment.term)
        try Self.check(assignment.definition, at: "definition")
        if let record = table[assignment.id] {
            if record.placement == assignment.placement {
                try Self.check(record, isOf: assignment)
                return (report(record), false)
            }
            guard record.placement < assignment.placement else {
                throw APIError(
                    .conflict, "\(record.id): placement \(assignment.placement) is older than \(record.placement)")
            }
            guard record.endedAt != nil else {
                throw APIError(.conflict, "\(record.id): placement \(record.placement) has not ended", retry: true)
            }
        }
        return (try take(assignment), true)
    }

    /// Records a placement that is new, and has it seen to.
    func take(_ assignment: TaskAssignment) throws -> WorkerTask {
        let run = table[assignment.id] == nil ? try firstRun(of: assignment) : 1
        let record = WorkerRecord.placement(SupervisedPlacement(assignment, boot: runtime.boot, run: run))
        do {
            try keep(record)
        } catch let error as APIError where error.reason == .storageFull {
            makeRoom()
            try keep(record)
        }
        attend.yield(.task(record.id))
        return report(record)
    }

    /// - Throws: `conflict` where the placement that is known is about something else.
    private static func check(_ record: WorkerRecord, isOf assignment: TaskAssignment) throws(APIError) {
        guard case .placement(let placement) = record, !placement.isSame(as: assignment) else { return }
        throw APIError(
            .conflict,
            "\(record.id): placement \(record.placement) is known with another definition; give the task another id")
    }

    /// With which run a placement begins that no record tells of: the one that was started before its record was lost.
    ///
    /// - Throws: `conflict` where another placement of the task is alive; it is asked to end.
    private func firstRun(of assignment: TaskAssignment) throws -> Int {
        guard let trace = try store.trace(of: assignment.id) else { return 1 }
        if trace.placement == assignment.placement { return trace.run }
        guard trace.placement < assignment.placement else {
            throw APIError(
                .conflict,
                "\(assignment.id): placement \(assignment.placement) is older than \(trace.placement), which was started"
            )
        }
        guard let supervisor = trace.supervisor else { return 1 }
        try supervisor.signal(SIGTERM)
        throw APIError(
            .conflict, "\(assignment.id): placement \(trace.placement) has no record, and was asked to end", retry: true
        )
    }

    /// What changed since a sequence number of an incarnation, or everything; waits up to `wait` for a change.
    ///
    /// - Parameter since: says that the manager has safely stored all up to it.
    package func list(
        since: Int?, incarnation: String?, term: Int, cluster: ClusterID, wait: Duration
    ) async throws -> WorkerTaskList {
        try accept(cluster: cluster, term: term)
        queries += 1
        guard let since, incarnation == self.incarnation, (0...table.sequence).contains(since) else {
            return list(changedAfter: nil)
        }
        acknowledge(since)
        if table.sequence == since {
            let ticket = bell.ticket()
            await ticket.wait(upTo: wait, on: clock)
            bell.discard(ticket)
        }
        return list(changedAfter: since)
    }

    private func list(changedAfter since: Int?) -> WorkerTaskList {
        let (records, removed) = table.changes(after: since)
        return WorkerTaskList(
            complete: since == nil, incarnation: incarnation, sequence: table.sequence, tasks: records.map(report),
            removed: removed)
    }

    package func task(_ id: TaskID) async throws -> WorkerTask { report(try record(id)) }

    /// Asks a placement to end. Where it is not known, it will never start.
    package func stop(_ id: TaskID, placement: Int, term: Int, cluster: ClusterID) async throws -> WorkerTask {
        try accept(cluster: cluster, term: term)
        guard let record = table[id], record.endedAt == nil || record.placement >= placement else {
            if table[id] == nil, let supervisor = try store.trace(of: id)?.supervisor {
                try supervisor.signal(SIGTERM)
                throw APIError(.conflict, "\(id): has no record, and was asked to end", retry: true)
            }
            let tombstone = WorkerRecord.tombstone(id, placement: placement, at: now())
            try keep(tombstone)
            return report(tombstone)
        }
        // A stop of an older placement is not about this one.
        guard placement >= record.placement, case .placement(var value) = record else { return report(record) }
        value.stopRequested(now: now())
        do {
            try keep(.placement(value))
        } catch let error as APIError where error.reason == .storageFull {
            // The task may be what fills the disk. The manager says it again where this is forgotten.
            logger.error("\(id) is asked to end, though that cannot be written down: \(error)")
            publish(.placement(value))
        }
        if case .stop(let number, let boot) = value.due {
            try runtime.stop(identity(value, number, boot), value.assignment.definition.stop)
        }
        return report(.placement(value))
    }

    /// Takes over what may change of a task while it runs.
    package func updateSettings(_ id: TaskID, _ settings: TaskSettings) async throws -> WorkerTask {
        try accept(cluster: settings.cluster, term: settings.term)
        let record = try record(id)
        guard case .placement(var value) = record, record.placement == settings.placement else {
            throw APIError(.conflict, "\(id): placement \(settings.placement) is not \(record.placement)")
        }
        let stop = value.assignment.definition.stop
        value.settingsChanged(settings)
        try keep(.placement(value))
        if case .running(let boot) = value.phase, value.assignment.definition.stop != stop {
            do {
                try runtime.change(identity(value, value.run, boot), to: value.assignment.definition.stop)
            } catch {
                // A stop says it again; only an end by itself goes by what counted before.
                logger.error("\(id): \(error)")
            }
        }
        if case .running(let boot) = value.phase, value.needsChecks(run: value.run) {
            attend.yield(.checks(identity(value, value.run, boot)))
        }
        return report(.placement(value))
    }

    /// The output of a task: what is selected of it, then what it writes until it ends if `follow`.
    package func logs(
        _ id: TaskID, _ selection: LogSelection
    ) async throws -> any AsyncSequence<[UInt8], any Error> & Sendable {
        _ = try record(id)
        return TaskOutput(log: TaskLog(directory: store.logs(of: id)), selection: selection, clock: clock) {
            await self.hasEnded(id)
        }
    }

    private func hasEnded(_ id: TaskID) -> Bool { table[id].map { $0.endedAt != nil } ?? true }

    /// What this worker cannot run at all.
    ///
    /// - Parameter path: where the definition stands in what was asked; empty where it is the whole.
    static func check(_ definition: TaskDefinition, at path: String) throws(APIError) {
        func field(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
        var fields: [ValidationError] = []
        if let image = definition.image {
            fields.append(
                ValidationError(
                    field: field("image"), value: image.shortened(to: 80), message: "needs a container engine"))
        }
        if definition.command.isEmpty {
            fields.append(ValidationError(field: field("command"), value: "[]", message: "must name a program"))
        }
        let words = definition.command + definition.env.flatMap { [$0.key, $0.value] }
        if words.contains(where: { $0.utf8.contains(0) }) {
            fields.append(
                ValidationError(field: field("command"), value: nil, message: "command and env must hold no NUL"))
        }
        for file in definition.files where !file.target.isRelativePath {
            fields.append(
                ValidationError(
                    field: field("files"), value: file.target.shortened(to: 80), message: "must be a relative path"))
        }
        for source in definition.contentSources where source.secret == nil && source.content == nil {
            fields.append(
                ValidationError(
                    field: field("files"), value: source.name.shortened(to: 80),
                    message: "must come with its content"))
        }
        guard fields.isEmpty else { throw .invalid(fields) }
    }

    /// `settings` if the settings digest of a placement differs from that of the settings as this version reads them. A newer
    /// manager may send settings that this version does not know. The task runs without them, and its status says so.
    private static func unreadSettings(of placement: SupervisedPlacement) -> [String] {
        placement.assignment.definition.hasSettings(placement.settingsDigest) ? [] : ["settings"]
    }

    func report(_ record: WorkerRecord) -> WorkerTask {
        switch record {
        case .placement(let placement):
            placement.report(
                notEnforced: Self.unreadSettings(of: placement) + runtime.notEnforced(placement.assignment.definition))
        case .tombstone(let id, let placement, let at):
            WorkerTask(
                id: id, placement: placement, run: 0, state: .stopped, reason: .stoppedBeforeStart, endedAt: at.wall,
                settingsDigest: Digest(rawValue: "sha256:" + String(repeating: "0", count: 64))!)
        }
    }

    // MARK: The worker itself

    package func info() async -> WorkerInfo {
        WorkerInfo(
            name: options.name, version: ProductVersion.current, url: url ?? "", runtimes: [runtime.name],
            capacity: options.capacity ?? .zero, labels: options.labels, bootID: runtime.boot,
            cluster: membership.cluster, incarnation: incarnation)
    }

    package func status() async -> WorkerStatus {
        let host = await info().host
        let seen: (at: Timestamp, metrics: WorkerMetrics?)
        do {
            let metrics = try await metrics()
            seen = (metrics.at, metrics)
        } catch {
            logger.warning("the figures of the machine cannot be read: \(error)")
            seen = (now().wall, nil)
        }
        return WorkerStatus(
            name: options.name, state: .ready, cluster: membership.cluster, term: membership.term,
            metrics: seen.metrics,
            tasks: table.records.map { summary($0, on: host) }, startedAt: startedAt.wall, lastSeenAt: seen.at)
    }

    private func summary(_ record: WorkerRecord, on host: String) -> TaskSummary {
        let task = report(record)
        guard case .placement(let placement) = record else {
            // Nothing is known of it but its id.
            return TaskSummary(id: task.id, ordinal: 0, attempt: 0, state: task.state, node: options.name)
        }
        let assignment = placement.assignment
        return TaskSummary(
            id: task.id, owner: assignment.owner, name: assignment.definition.name, ordinal: assignment.ordinal,
            attempt: assignment.attempt, state: task.state, ready: task.ready, node: options.name,
            restarts: task.restarts, exit: task.exit,
            endpoints: task.state.hasEnded
                ? [] : assignment.definition.endpoints(on: host, ports: assignment.ports))
    }

    package func metrics() async throws -> WorkerMetrics {
        let runs = table.records.compactMap { record -> RunIdentity? in
            guard case .placement(let value) = record, case .running(let boot) = value.phase else { return nil }
            return identity(value, value.run, boot)
        }
        let tasks = runtime.usage(of: runs).map { run, usage in
            TaskMetrics(
                id: run.task, processes: usage.processes, cpuSeconds: usage.cpuSeconds, memoryBytes: usage.memoryBytes)
        }
        let (memory, disk) = (try Machine.memory(), try Machine.disk(store.directory))
        return WorkerMetrics(
            at: now().wall, cores: Machine.cores, load: try Machine.load(), memoryTotalBytes: memory.total,
            memoryAvailableBytes: memory.available, diskTotalBytes: disk.total, diskAvailableBytes: disk.available,
            uptimeSeconds: try Machine.uptimeSeconds(), tasks: tasks.sorted { $0.id < $1.id })
    }
}
