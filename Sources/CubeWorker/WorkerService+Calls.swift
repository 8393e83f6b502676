import CubeCore
import CubeErrors
package import CubeTypes
import CubeVersion
import Logging
import SystemPackage

extension WorkerService {
    // MARK: Tasks

    /// Accepts a placement. Assigning a known placement again changes nothing.
    ///
    /// The placement is recorded durably before it is acknowledged.
    package func assign(_ assignment: TaskAssignment) async throws -> (task: WorkerTask, created: Bool) {
        let orders = try orders(for: .assign(assignment))
        try carryOut(orders)
        return (report(try record(assignment.id)), !orders.isEmpty)
    }

    /// Accepts a placement whose caller and definition have been checked.
    func take(_ assignment: TaskAssignment) throws -> (task: WorkerTask, created: Bool) {
        let orders = try orders(forChecked: assignment)
        try carryOut(orders)
        return (report(try record(assignment.id)), !orders.isEmpty)
    }

    /// Returns the changes since a sequence number of an incarnation, or all tasks. Waits up to `wait` for a change.
    ///
    /// - Parameter since: confirms that the manager has safely stored all changes up to this sequence number.
    package func list(
        since: Int?, incarnation: String?, term: Int, cluster: ClusterID, wait: Duration,
        renewing renewal: LeaseRenewal? = nil
    ) async throws -> WorkerTaskList {
        try accept(cluster: cluster, term: term)
        queries += 1
        if let renewal { renew(renewal) }
        var list = try await changes(since: since, incarnation: incarnation, cluster: cluster, wait: wait)
        // The lease counts from now, when the response is sent.
        list.receipt = lease.issue(at: now().uptime)
        return list
    }

    private func changes(
        since: Int?, incarnation: String?, cluster: ClusterID, wait: Duration
    ) async throws -> WorkerTaskList {
        switch table.acknowledge(since, of: incarnation) {
        case .everything:
            var list = list(changedAfter: nil)
            list.volumes = volumes(in: cluster)
            return list
        case .changes(let since): return list(changedAfter: since)
        case .wait(let since):
            await self.wait(for: .tasks, atMost: wait)
            return list(changedAfter: since)
        }
    }

    private func list(changedAfter since: Int?) -> WorkerTaskList {
        let (records, removed) = table.changes(after: since)
        return WorkerTaskList(
            complete: since == nil, incarnation: table.incarnation, sequence: table.sequence,
            tasks: records.map(report),
            removed: removed)
    }

    package func task(_ id: TaskID) async throws -> WorkerTask { report(try record(id)) }

    /// Asks a placement to end. If the placement is unknown, it will never start.
    package func stop(_ id: TaskID, placement: Int, term: Int, cluster: ClusterID) async throws -> WorkerTask {
        try accept(cluster: cluster, term: term)
        try carryOut(orders(for: .stop(id, placement: placement)))
        return report(try record(id))
    }

    /// Replaces the fields of a task that can change while it runs.
    package func updateSettings(_ id: TaskID, _ settings: TaskSettings) async throws -> WorkerTask {
        try carryOut(orders(for: .update(id, settings)))
        lease(runOf: id)
        return report(try record(id))
    }

    /// Returns the selected output of a task and, if `follow` is set, the output that the task writes until it ends.
    package func logs(
        _ id: TaskID, _ selection: LogSelection
    ) async throws -> any AsyncSequence<[UInt8], any Error> & Sendable {
        _ = try record(id)
        return TaskOutput(log: TaskLog(directory: store.logs(of: id)), selection: selection, clock: clock) {
            await self.hasEnded(id)
        }
    }

    private func hasEnded(_ id: TaskID) -> Bool { table[id].map { $0.endedAt != nil } ?? true }

    /// Checks that this worker can run a definition.
    ///
    /// - Parameter path: the path of the definition in the request; empty if the definition is the whole request.
    func check(_ definition: TaskDefinition, at path: String) throws(APIError) {
        func field(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
        var fields: [ValidationError] = []
        if let image = definition.image, !runtime.accepts(.docker) {
            fields.append(
                ValidationError(
                    field: field("image"), value: image.shortened(to: 80), message: "needs a container engine"))
        }
        if definition.image == nil, definition.command.isEmpty {
            fields.append(ValidationError(field: field("command"), value: "[]", message: "must name a program"))
        }
        let words = definition.entrypoint + definition.command + definition.env.flatMap { [$0.key, $0.value] }
        if words.contains(where: { $0.utf8.contains(0) }) {
            fields.append(
                ValidationError(field: field("command"), value: nil, message: "command and env must not contain NUL"))
        }
        for file in definition.files where definition.image == nil && !file.target.isRelativePath {
            fields.append(
                ValidationError(
                    field: field("files"), value: file.target.shortened(to: 80), message: "must be a relative path"))
        }
        for source in definition.contentSources where source.secret == nil && source.content == nil {
            fields.append(
                ValidationError(
                    field: field("files"), value: source.name.shortened(to: 80),
                    message: "the content of the file is missing from the definition"))
        }
        if definition.exclusive, !runtime.exclusiveKinds.contains(definition.runtime) {
            fields.append(
                ValidationError(
                    field: field("exclusive"), value: "true",
                    message: "cannot be enforced here: nothing outlives the worker that could end such a task"))
        }
        guard fields.isEmpty else { throw .invalid(fields) }
    }

    /// Returns `settings` if the settings digest of a placement differs from the digest of its settings as this version
    /// reads them. A newer manager may send settings that this version does not know. The task runs without them, and
    /// its status reports this.
    private static func unreadSettings(of placement: SupervisedPlacement) -> [String] {
        placement.assignment.definition.hasSettings(placement.settingsDigest) ? [] : ["settings"]
    }

    func report(_ record: WorkerRecord) -> WorkerTask {
        switch record {
        case .placement(let placement):
            placement.report(
                notEnforced: Self.unreadSettings(of: placement)
                    + runtime.notEnforced(placement.assignment.definition, in: placement.liveRun))
        case .tombstone(let id, let placement, let at):
            WorkerTask(
                id: id, placement: placement, run: 0, state: .stopped, reason: .stoppedBeforeStart, endedAt: at.wall,
                settingsDigest: Digest(rawValue: "sha256:" + String(repeating: "0", count: 64))!)
        }
    }

    // MARK: The worker itself

    package func info() async -> WorkerInfo {
        WorkerInfo(
            name: options.name, version: ProductVersion.current, url: url ?? "",
            runtimes: runtime.kinds.map(\.rawValue),
            exclusiveRuntimes: runtime.kinds.filter(runtime.exclusiveKinds.contains).map(\.rawValue),
            capacity: options.capacity ?? .zero, labels: options.labels, images: runtime.images,
            allowances: options.allowances, secrets: SecretDirectory(path: options.secrets.string).names(),
            bootID: runtime.boot,
            cluster: table.membership.cluster, incarnation: table.incarnation)
    }

    package func status() async -> WorkerStatus {
        let host = await info().host
        let seen: (at: Timestamp, metrics: WorkerMetrics?)
        do {
            let metrics = try await metrics()
            seen = (metrics.at, metrics)
        } catch {
            logger.warning("cannot read the machine's metrics: \(error)")
            seen = (now().wall, nil)
        }
        return WorkerStatus(
            name: options.name, state: .ready, cluster: table.membership.cluster, term: table.membership.term,
            metrics: seen.metrics,
            tasks: table.records.map { summary($0, on: host) }, startedAt: startedAt.wall, lastSeenAt: seen.at)
    }

    private func summary(_ record: WorkerRecord, on host: String) -> TaskSummary {
        let task = report(record)
        guard case .placement(let placement) = record else {
            // A tombstone holds only the ID of its task.
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
        let live = table.records.compactMap { table.placement($0.id) }.compactMap { placement in
            placement.liveRun.map { ($0, placement.assignment) }
        }
        let usage = await runtime.usage(of: live.map(\.0))
        let tasks = live.compactMap { run, assignment in
            usage[run].map { TaskMetrics(run, of: assignment, using: $0) }
        }
        let (memory, disk) = (try Machine.memory(), try Machine.disk(store.directory))
        let counters = try MachineCounters.read()
        return WorkerMetrics(
            at: now().wall, cores: Machine.cores, load: try Machine.load(), cpuSeconds: counters.cpuSeconds,
            memoryTotalBytes: memory.total, memoryAvailableBytes: memory.available, diskTotalBytes: disk.total,
            diskAvailableBytes: disk.available, diskReadBytes: counters.disks.incoming,
            diskWrittenBytes: counters.disks.outgoing, networkReceivedBytes: counters.network.incoming,
            networkSentBytes: counters.network.outgoing, uptimeSeconds: try Machine.uptimeSeconds(),
            tasks: tasks.sorted { $0.id < $1.id })
    }
}

extension TaskMetrics {
    init(_ run: RunIdentity, of assignment: TaskAssignment, using usage: RunUsage) {
        self.init(
            id: run.task, owner: assignment.owner, name: assignment.definition.name, ordinal: assignment.ordinal,
            run: run.number, processes: usage.processes, cpuSeconds: usage.cpuSeconds, memoryBytes: usage.memoryBytes,
            memoryLimitBytes: usage.memoryLimitBytes, diskReadBytes: usage.disk?.incoming,
            diskWrittenBytes: usage.disk?.outgoing, networkReceivedBytes: usage.network?.incoming,
            networkSentBytes: usage.network?.outgoing)
    }
}
