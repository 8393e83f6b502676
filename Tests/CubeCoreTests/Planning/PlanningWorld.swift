import CubeCore
import CubeErrors
import CubeJSON
import CubeText
import CubeTypes
import HashTreeCollections

/// A planner, the real state of a manager, a simulated worker, and a manual clock.
struct PlanningWorld {
    static let start = Timestamp(milliseconds: 1_767_225_600_000)
    static let owner = OwnerName.default
    static let source = SourceID(rawValue: "5a0c4e0e-6f0e-4c62-9d29-0d3a0f6d9a11")!
    static let node = NodeName(rawValue: "w1")!

    var now = Self.start
    var planner: Planner
    private(set) var cluster: ClusterState
    private(set) var fence = 0
    private var pass = 0
    /// The committed changes that the planner has not seen.
    private(set) var unseen: [TaskChanges] = []
    /// The nodes, sorted by name.
    private(set) var nodes = [Self.node]
    /// The tasks of the workers, by node.
    private var workers: [NodeName: [TaskID: WorkerTask]] = [:]
    /// The manifests, by file.
    var files: [BytePath: FileState] = [:]
    var root = RootIdentity.directory(device: 1, inode: 1)
    /// How a program behaves once it is started, by the first word of its command.
    var behaviour: [String: Behaviour] = [:]
    /// The offset of the manager's clock.
    var managerAhead: Duration = .zero
    /// The offset of the worker's clock.
    var ahead: Duration = .zero
    /// The fields of a manifest that the manager knows.
    private let fields: ManifestFields
    /// The errors of the manager.
    private(set) var errors: [APIError] = []

    enum Behaviour {
        case run, fail, crash, complete, hang
        /// The task ended so often that it waits for the longest backoff.
        case loop
        /// The same, but the task is running again, and has not been stable yet.
        case probation
    }

    init(planner: Planner = Planner(owner: PlanningWorld.owner), fields: ManifestFields = .standard) {
        self.planner = planner
        self.fields = fields
        let id = ClusterID(rawValue: "c1057e20-0000-4000-8000-000000000001")!
        cluster = ClusterState(
            records: ClusterRecords(cluster: id), term: 1, policy: .spread, at: DurableInstant(wall: now))
        add(Self.node)
        commit { transaction throws(APIError) in
            _ = try transaction.lease(Self.owner, LeaseRequest(holder: "test", source: Self.source))
        }
        fence = cluster.records.owners[Self.owner]!.fence
        relist()
    }

    /// Adds a node, which lists its tasks at once.
    private mutating func add(_ node: NodeName, millicores: Int = 1_000_000) {
        let info = WorkerInfo(
            name: node, version: "1", url: "unix:\(node)", runtimes: ["process"],
            capacity: ResourceSpec(millicores: millicores, memory: 1 << 40, disk: 1 << 40), bootID: "b",
            incarnation: "i")
        commit { transaction throws(APIError) in
            _ = try transaction.register(info)
            _ = try transaction.observe(
                WorkerTaskList(complete: true, incarnation: "i", sequence: 0, tasks: []), from: node)
        }
    }

    /// Adds another node to the cluster.
    mutating func join(_ node: NodeName, millicores: Int = 1_000_000) {
        nodes = (nodes + [node]).sorted()
        add(node, millicores: millicores)
        look()
    }

    mutating func drain(_ node: NodeName, _ request: DrainRequest = DrainRequest()) {
        commit { transaction throws(APIError) in try transaction.drain(node, request) }
        look()
    }

    // MARK: The manager

    /// Carries out commands on the manager. The planner sees the changes after ``look()``.
    mutating func commit(_ commands: (inout ClusterTransaction) throws(APIError) -> Void) {
        var transaction = ClusterTransaction(
            cluster, at: DurableInstant(wall: now + managerAhead), fields: fields)
        do {
            try commands(&transaction)
        } catch {
            errors.append(error)
        }
        transaction.tick()
        transaction.finish()
        let before = cluster.revision
        cluster = transaction.state
        let changes = transaction.changes
        guard !changes.isEmpty else { return }
        let tasks = changes.tasks.values.compactMap { $0?.status }.filter { $0.owner == Self.owner }
        let owner = changes.owners[Self.owner] ?? nil
        unseen.append(
            TaskChanges(
                term: 1, revision: cluster.revision, changed: tasks.sorted { $0.id < $1.id },
                removed: changes.tasks.filter { $0.value == nil }.map(\.key).sorted(),
                slots: changes.slots.filter { $0.key.owner == Self.owner }.values.compactMap { $0?.status },
                owner: owner.map { cluster.changedStatus(of: $0, since: before) }))
    }

    /// Lets the manager do the work that is due now, and shows the changes to the planner.
    mutating func tick() {
        commit { (_) throws(APIError) in }
        look()
    }

    /// Shows the committed changes to the planner.
    mutating func look() {
        for changes in unseen { planner.update(changes) }
        unseen = []
    }

    /// Gives the planner a complete list, including the tasks of other owners.
    mutating func relist() {
        planner.update(ObservedState(list, of: Self.owner))
        unseen = []
    }

    var list: TaskList {
        TaskList(
            cluster: cluster.cluster, term: 1, revision: cluster.revision,
            tasks: cluster.records.tasks.values.map(\.status).sorted { $0.id < $1.id },
            slots: cluster.records.slots.values.filter { $0.slot.owner == Self.owner }.map(\.status),
            owner: cluster.records.owners[Self.owner].map(cluster.status))
    }

    func live(_ name: String? = nil, of owner: OwnerName = Self.owner) -> [TaskStatus] {
        cluster.records.tasks.values.map(\.status).filter {
            !$0.state.hasEnded && $0.owner == owner && (name == nil || $0.name.rawValue == name)
        }
        .sorted { ($0.name, $0.ordinal, $0.attempt) < ($1.name, $1.ordinal, $1.attempt) }
    }

    /// Gives a directive. The holds are those of the last plan.
    mutating func direct(_ verb: Directive.Verb, _ subject: String, expires: Duration? = nil) {
        let expiry = expires.map { now + $0 }
        commit { transaction throws(APIError) in
            _ = try transaction.direct(
                Self.owner, Directive(verb: verb, subject: subject, expiresAt: expiry))
        }
        look()
    }

    // MARK: The worker

    /// Carries out the manager's calls to the worker, and reports the results.
    mutating func work(where isChosen: (TaskID) -> Bool = { _ in true }) {
        for node in nodes {
            var reports: [WorkerTask] = []
            for id in cluster.due(on: node) where isChosen(id) {
                guard let call = cluster.call(for: id, on: node) else { continue }
                reports.append(answer(call, on: node))
            }
            report(reports, from: node)
        }
    }

    private mutating func answer(_ call: WorkerCall, on node: NodeName) -> WorkerTask {
        var task: WorkerTask
        switch call {
        case .assign(let assignment):
            task = WorkerTask(
                id: assignment.id, placement: assignment.placement, run: 1, state: .scheduled, reason: .starting,
                settingsDigest: assignment.settingsDigest ?? assignment.definition.settingsDigest)
            run(&task, behaviour[assignment.definition.command.first ?? ""] ?? .run)
        case .update(let id, let settings):
            task = workers[node]![id]!
            task.settingsDigest = settings.settingsDigest ?? settings.definition.settingsDigest
        case .stop(let id, let placement):
            task =
                workers[node]?[id]
                ?? WorkerTask(
                    id: id, placement: placement, run: 0, state: .stopped, settingsDigest: .sha256(of: ""))
            task.state = .stopped
            task.ready = false
            task.endedAt = now
        case .removeVolume: preconditionFailure("no workload of this world has a volume")
        }
        workers[node, default: [:]][task.id] = task
        return task
    }

    private func run(_ task: inout WorkerTask, _ behaviour: Behaviour) {
        switch behaviour {
        case .run:
            (task.state, task.ready, task.reason, task.startedAt) = (.running, true, nil, now + ahead)
        case .hang: break
        case .crash:
            (task.reason, task.restarts) = (.backoff, 1)
            task.exit = TaskResult(code: 3, at: now)
        case .loop, .probation:
            (task.state, task.ready, task.reason) = (
                behaviour == .loop ? .scheduled : .running, behaviour == .probation, .crashLoop
            )
            task.restarts = 9
            task.exit = TaskResult(code: nil, signal: 15, at: now)
            task.message = "live check failed: GET /healthz on port 8080 answered 503\nlast lines of its output:\nbye\n"
            if behaviour == .probation { task.startedAt = now + ahead }
        case .fail:
            (task.state, task.reason, task.endedAt) = (.failed, .restartsUsedUp, now)
            task.exit = TaskResult(code: 1, at: now)
        case .complete:
            (task.state, task.reason, task.endedAt) = (.completed, .exited, now)
            task.exit = TaskResult(code: 0, at: now)
        }
    }

    /// Changes the behaviour of a slot's program.
    mutating func become(_ behaviour: Behaviour, _ name: String, _ ordinal: Int = 0) {
        guard let live = live(name).first(where: { $0.ordinal == ordinal }), let node = live.node,
            var task = workers[node]?[live.id]
        else { return }
        task.ready = false
        task.run += 1
        run(&task, behaviour)
        workers[node]?[live.id] = task
        report([task], from: node)
        look()
    }

    /// Another client stops a task, and the task ends.
    mutating func interrupt(_ name: String, _ ordinal: Int = 0) {
        guard let task = live(name).first(where: { $0.ordinal == ordinal }) else { return }
        commit { transaction throws(APIError) in _ = try transaction.stop(task.id) }
        work()
        look()
    }

    /// Another client changes the labels of a task in place.
    mutating func tamper(_ name: String, labels: [String: String]) {
        guard let task = live(name).first else { return }
        var definition = task.definition
        definition.labels = labels
        let update = SettingsUpdate(
            id: task.id, from: task.settingsDigest, to: definition.settingsDigest, source: task.source,
            definition: definition)
        let writer = Writer(owner: Self.owner, fence: fence, pass: pass)
        commit { transaction throws(APIError) in _ = try transaction.updateSettings(update, by: writer) }
        work()
        look()
    }

    mutating func silence() {
        commit { transaction throws(APIError) in try transaction.silence(Self.node) }
        look()
    }

    private mutating func report(_ tasks: [WorkerTask], from node: NodeName) {
        guard !tasks.isEmpty else { return }
        commit { transaction throws(APIError) in
            _ = try transaction.observe(
                WorkerTaskList(complete: false, incarnation: "i", sequence: 0, tasks: tasks), from: node)
        }
    }

    // MARK: The source

    /// Lists the whole source once.
    mutating func read(complete: Bool = true, busy: Bool = false) {
        planner.update(
            ManifestSnapshot(
                began: now, ended: now, isComplete: complete, root: root, isBusy: busy, files: files,
                source: SourceRevision(path: "manifests")))
    }

    /// Lists the whole source twice, far enough apart to prove that missing names are gone.
    mutating func readTwice() {
        read()
        now = now + .seconds(2)
        read()
    }

    /// Writes a file with these workloads.
    mutating func write(_ file: String, _ workloads: Workload...) {
        let text = "\(workloads.map { "\($0)" })"
        files[BytePath(naming: file)] = .readable(workloads, digest: .sha256(of: text))
    }

    /// Writes `app` and the job `migrate`, on which it depends, in the same version.
    mutating func writeAppAndJob(_ version: String, replicas: Int = 1) {
        write("app.json", Workload("app", version, dependsOn: ["migrate"]))
        write("migrate.json", Workload("migrate", version, replicas: replicas, kind: .job))
    }

    mutating func spoil(_ file: String) {
        let range = SourceRange(filename: file)
        files[BytePath(naming: file)] = .unreadable([
            Diagnostic(reason: .syntax, summary: "unexpected end", range: range)
        ])
    }

    // MARK: Rounds

    /// Makes a pass, and carries out its plan in one batch.
    @discardableResult
    mutating func step() -> Plan {
        let plan = planner.pass(now: now)
        carryOut(plan)
        return plan
    }

    mutating func carryOut(_ plan: Plan) {
        pass += 1
        if !plan.actions.isEmpty { planner.willSend(plan.actions, at: now) }
        planner.willSend(plan.notes, at: now)
        let request = BatchRequest(
            owner: Self.owner, fence: fence, pass: pass, notes: plan.notes.isEmpty ? nil : plan.notes,
            operations: plan.actions.map(\.operation.batched))
        var answer: BatchAnswer?
        let lease = LeaseRequest(holder: "test", source: Self.source, fence: fence, holds: plan.holds)
        commit { transaction throws(APIError) in
            _ = try transaction.lease(Self.owner, lease)
            if !request.operations.isEmpty || request.notes != nil { answer = try transaction.batch(request) }
        }
        for (action, result) in zip(plan.actions, answer?.results ?? []) {
            planner.answered(action, at: now, revision: answer?.revision ?? 0, error: result.error)
            if let error = result.error { errors.append(error) }
        }
        look()
    }

    /// Makes passes until no action is due, and advances the clock to the times for which plans wait.
    mutating func settle(rounds: Int = 100) {
        for _ in 0..<rounds {
            let before = cluster.revision
            let plan = step()
            work()
            look()
            if plan.actions.isEmpty, plan.notes.isEmpty, cluster.revision == before {
                guard let next = plan.wakeAt, next < now + .seconds(30) else { return }
                now = max(next, now + .milliseconds(1))
            }
        }
    }

    /// Continues on another machine, with a planner that knows only the state of the manager.
    mutating func move() {
        planner = Planner(owner: Self.owner)
        relist()
    }

    /// Another source claims the owner, and this source claims it back. No live task then counts as declared by this source.
    mutating func claimAnew() {
        let other = SourceID(rawValue: "5a0c4e0e-6f0e-4c62-9d29-0d3a0f6d9a12")!
        for source in [other, Self.source] {
            commit { transaction throws(APIError) in
                _ = try transaction.direct(Self.owner, Directive(verb: .claim, subject: source.rawValue))
            }
        }
        commit { transaction throws(APIError) in
            _ = try transaction.lease(Self.owner, LeaseRequest(holder: "test", source: Self.source))
        }
        fence = cluster.records.owners[Self.owner]!.fence
        pass = 0
        relist()
    }

    /// The current plan as text, without carrying it out.
    mutating func text() -> String {
        let plan = planner.pass(now: now)
        return PlanText(planner.document(plan, at: now)).text
    }
}

extension Workload {
    /// A workload whose command is one word.
    init(
        _ name: String, _ words: String..., image: String? = nil, file: String? = nil, replicas: Int = 1,
        kind: TaskKind = .service,
        update: UpdatePolicy = UpdatePolicy(), suspend: Bool = false, prune: Bool = true, millicores: Int = 0,
        labels: [String: String] = [:], env: [String: String] = [:], dependsOn: [String] = [],
        ignore: [String] = []
    ) {
        let range = SourceRange(filename: file ?? "\(name).json")
        var steering = Steering()
        (steering.replicas, steering.update, steering.suspend, steering.prune) = (replicas, update, suspend, prune)
        steering.dependsOn = dependsOn.map { WorkloadName(rawValue: $0)! }
        steering.ignore = ignore.map { JSONPointer($0)! }
        self.init(
            definition: TaskDefinition(
                name: WorkloadName(rawValue: name)!, kind: kind, image: image, command: words.isEmpty ? ["run"] : words,
                env: env, resources: ResourceSpec(millicores: millicores), labels: labels),
            steering: steering, range: range)
    }
}
