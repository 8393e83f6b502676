import CubeCore
import CubeTesting
import CubeTypes
import Testing

/// A simulated worker around a placement table: a disk, processes, and a shell that carries out orders and may die between any two.
struct PlacementWorld {
    /// The identity of a run.
    struct Instance: Hashable {
        let task: TaskID
        let placement: Int
        let number: Int

        init(_ run: RunIdentity) { (task, placement, number) = (run.task, run.placement, run.number) }
    }

    enum Outcome: Equatable {
        case done, refused(PlacementRefusal), full, died
    }

    static let cluster = ClusterID(rawValue: "0f3c0000-0000-4000-8000-000000000000")!
    static let ids = (0..<3).map { TaskID(rawValue: "00000000-0000-5000-8000-00000000000\($0)")! }

    var random: SeededGenerator
    var table: PlacementTable
    var tally: [String: Int] = [:]
    private var now = DurableInstant(boot: "a", uptime: .zero, wall: Timestamp(milliseconds: 1_700_000_000_000))
    private var lives = 0
    private var isFull = false
    // The disk.
    private var records: [TaskID: WorkerRecord] = [:]
    private var membership = WorkerMembership()
    /// Every run that was ever started, with its end; `nil` while it is alive.
    private var ends: [Instance: RunEnd?] = [:]
    /// The highest placement of each task whose stop is on the disk.
    private var stopped: [TaskID: Int] = [:]
    /// The highest placement and run of each task that took effect.
    private var progress: [TaskID: (placement: Int, run: Int)] = [:]
    /// The runs that were abandoned before they started.
    private var abandoned: Set<Instance> = []

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
        table = PlacementTable(incarnation: "0")
    }

    mutating func step() throws {
        now = now + .seconds(Int.random(in: 0...30, using: &random))
        let id = random.pick(Self.ids)
        let known = table[id]?.placement ?? 0
        switch Int.random(in: 0..<40, using: &random) {
        case 0..<7: try assign(id, placement: max(1, known + random.pick([-1, 0, 1, 1, 2])))
        case 7..<11: try stop(id, placement: max(1, known + random.pick([-1, 0, 0, 0, 1])))
        case 11..<13: try change(id, placement: max(1, known + random.pick([-1, 0, 0])))
        case 13..<16: acknowledge()
        case 16..<18: exit(id)
        case 18: restart()
        case 19: isFull.toggle()
        case 20: try forget()
        default: try carryOutDue(of: id)
        }
        try checkProcesses()
    }

    // MARK: Calls

    private mutating func admit() throws -> Bool {
        let term = max(0, table.membership.term + random.pick([-1, 0, 0, 0, 0, 1]))
        let isForeign = Int.random(in: 0..<20, using: &random) == 0
        let other = ClusterID(rawValue: "0f3c0000-0000-4000-8000-000000000001")!
        return try carryOut(table.admit(cluster: isForeign ? other : Self.cluster, term: term)) == .done
    }

    private mutating func assign(_ id: TaskID, placement: Int) throws {
        guard try admit() else { return }
        var assignment = TaskAssignment.example {
            $0.restart = RestartPolicy(policy: .always, backoff: .seconds(1))
        }
        (assignment.id, assignment.placement) = (id, placement)
        if Int.random(in: 0..<10, using: &random) == 0 { assignment.definition.command = ["other"] }
        let before = table[id]
        let orders = table.assign(assignment, started: startedRun(of: id), boot: "a")
        if before == nil, orders.count == 2, case .record(.placement(let value), _) = orders[0], value.run > 1 {
            tally["goes on with a run whose record was lost", default: 0] += 1
        }
        if case .tombstone? = before, before?.placement == placement {
            try #require(orders.isEmpty, "a tombstone let its placement through")
            tally["assigned after its stop", default: 0] += 1
        }
        try carryOut(orders)
    }

    private mutating func stop(_ id: TaskID, placement: Int) throws {
        guard try admit() else { return }
        let isUnknown = table[id] == nil
        let orders = table.stop(id, placement: placement, started: startedRun(of: id), now: now)
        guard try carryOut(orders) == .done else { return }
        if isUnknown {
            guard case .tombstone(_, placement, _)? = records[id] else {
                Issue.record("a stop that arrived before its assignment left no tombstone")
                return
            }
            tally["tombstone", default: 0] += 1
        }
        guard let record = records[id], record.isOfStop else { return }
        var successor = 0
        if case .placement(let value) = record { successor = value.stoppedSuccessor ?? 0 }
        stopped[id] = max(stopped[id] ?? 0, record.placement, successor)
        if successor == placement { tally["stopped before its predecessor ended", default: 0] += 1 }
        // On a full disk, the stop takes effect, but a worker that dies forgets it.
        try #require(isFull || max(record.placement, successor) >= placement, "a stop left no trace")
    }

    private mutating func change(_ id: TaskID, placement: Int) throws {
        guard try admit() else { return }
        var definition = TaskAssignment.example().definition
        definition.stop.grace = .seconds(Int.random(in: 1...3, using: &random))
        let settings = TaskSettings(cluster: Self.cluster, term: 0, placement: placement, definition: definition)
        try carryOut(table.updateSettings(id, settings))
    }

    private mutating func acknowledge() {
        let since = Int.random(in: 0...table.sequence + 1, using: &random)
        let answer = table.acknowledge(since, of: random.pick([table.incarnation, table.incarnation, "before"]))
        tally["\(answer)".prefix { $0 != "(" } + " asked for", default: 0] += 1
    }

    private func startedRun(of id: TaskID) -> StartedRun? {
        guard table[id] == nil else { return nil }
        // An abandoned run leaves its directory, like a run that ended.
        let runs =
            ends.filter { $0.key.task == id }.map {
                StartedRun(placement: $0.key.placement, number: $0.key.number, isAlive: $0.value == nil)
            }
            + abandoned.filter { $0.task == id }.map {
                StartedRun(placement: $0.placement, number: $0.number, isAlive: false)
            }
        return runs.max {
            ($0.isAlive ? 1 : 0, $0.placement, $0.number) < ($1.isAlive ? 1 : 0, $1.placement, $1.number)
        }
    }

    // MARK: The shell

    @discardableResult
    private mutating func carryOut(_ orders: [PlacementOrder]) throws -> Outcome {
        for order in orders {
            if Int.random(in: 0..<60, using: &random) == 0 {
                restart()
                return .died
            }
            switch order {
            case .record(let record, let onFullDisk):
                let hasRoom = !isFull || record.isOfStop && Bool.random(using: &random)
                guard hasRoom || onFullDisk == .publish else { return .full }
                if hasRoom { records[record.id] = record } else { tally["published unwritten", default: 0] += 1 }
                try put(record)
            case .publish(let record): try put(record)
            case .join(let joined, let onFullDisk):
                guard !isFull || onFullDisk == .publish else { return .full }
                try #require(joined.term >= table.membership.term, "the term decreased")
                try #require(joined.term >= membership.term, "the term on the disk decreased")
                if !isFull { membership = joined }
                table.join(joined, isStored: !isFull)
            case .stop(let run, _):
                try #require(records[run.task]?.isOfStop == true || isFull, "stopped before that was written")
            case .endUnrecorded(let id): exit(id)
            case .refuse(let refusal):
                tally["\(refusal)".prefix { $0 != "(" } + " refused", default: 0] += 1
                return .refused(refusal)
            case .attend, .check, .changeStop: break
            }
        }
        return .done
    }

    private mutating func put(_ record: WorkerRecord) throws {
        guard table[record.id] != record else { return }
        table.put(record)
        let run = if case .placement(let placement) = record { placement.run } else { 0 }
        let next = (placement: record.placement, run: run)
        if let last = progress[record.id] { try #require(next >= last, "\(record.id) fell back") }
        progress[record.id] = next
    }

    /// Kills the worker, and starts the next one from the disk. Sometimes a record is lost although its run left files.
    private mutating func restart() {
        lives += 1
        tally["killed", default: 0] += 1
        if Int.random(in: 0..<3, using: &random) == 0 {
            let id = random.pick(Self.ids)
            if ends.keys.contains(where: { $0.task == id }), records.removeValue(forKey: id) != nil {
                stopped[id] = nil
                tally["record lost", default: 0] += 1
            }
        }
        progress = [:]
        table = PlacementTable(incarnation: "\(lives)", membership: membership)
        for (_, record) in records.sorted(by: { $0.key < $1.key }) {
            table.put(record)
            let run = if case .placement(let placement) = record { placement.run } else { 0 }
            progress[record.id] = (record.placement, run)
        }
    }

    private mutating func forget() throws {
        guard Int.random(in: 0..<4, using: &random) == 0 else { return }
        now = now + Retention.output
        for record in table.forgettable(at: now) {
            try #require(record.endedAt != nil, "forgot a task that has not ended")
            tally["forgotten", default: 0] += 1
            (records[record.id], stopped[record.id], progress[record.id]) = (nil, nil, nil)
            ends = ends.filter { $0.key.task != record.id }
            abandoned = abandoned.filter { $0.task != record.id }
            table.remove(record.id)
        }
        table.finishForgetting()
    }

    // MARK: Processes

    private mutating func exit(_ id: TaskID) {
        for (instance, end) in ends where instance.task == id && end == nil {
            let result = TaskResult(code: Int.random(in: 0...1, using: &random), at: now.wall)
            ends[instance] = .exited(result, lasted: .seconds(5))
        }
    }

    private mutating func carryOutDue(of id: TaskID) throws {
        guard let placement = table.placement(id) else { return }
        switch placement.due {
        case .start(let number, let boot):
            let run = placement.identity(ofRun: number, boot: boot)
            // A runtime first looks for the outcome of the run, which abandoning it wrote.
            guard !abandoned.contains(Instance(run)) else { return try observe(.ended(.neverStarted), of: run) }
            if ends[Instance(run)] == nil { try start(Instance(run)) }
            try observe(run)
        case .abandon(let number, let boot):
            let run = placement.identity(ofRun: number, boot: boot)
            if ends[Instance(run)] == nil {
                abandoned.insert(Instance(run))
                try observe(.ended(.neverStarted), of: run)
            } else {
                try observe(run)
            }
        case .stop(let number, let boot):
            exit(id)
            try observe(placement.identity(ofRun: number, boot: boot))
        case .watch(let number, let boot): try observe(placement.identity(ofRun: number, boot: boot))
        case .wait: try carryOut(table.waitOver(placement, boot: "a"))
        case .nothing: break
        }
    }

    private mutating func start(_ instance: Instance) throws {
        try #require(instance.placement > stopped[instance.task] ?? 0, "a placement was started after its stop")
        try #require(
            !ends.contains { $0.key.task == instance.task && $0.value == nil }, "two runs of one task are alive")
        ends[instance] = .some(nil)
        tally["started", default: 0] += 1
    }

    private mutating func observe(_ run: RunIdentity) throws {
        guard let end = ends[Instance(run)] else { return }
        try observe(end.map(RunState.ended) ?? .running(since: now), of: run)
    }

    private mutating func observe(_ state: RunState, of run: RunIdentity) throws {
        try carryOut(table.observed(state, of: run, output: nil, now: now, jitter: 0))
        // An event of another placement changes nothing.
        var other = run
        other.placement += 1
        try #require(table.observed(state, of: other, output: nil, now: now, jitter: 0).isEmpty)
    }

    private func checkProcesses() throws {
        for id in Self.ids {
            let alive = ends.filter { $0.key.task == id && $0.value == nil }
            try #require(alive.count <= 1, "two runs of one task are alive")
            if table[id]?.endedAt != nil { try #require(alive.isEmpty, "a task counts as ended while it runs") }
        }
    }
}
