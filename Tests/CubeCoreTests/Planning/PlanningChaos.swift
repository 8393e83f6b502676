import CubeCore
import CubeErrors
import CubeJSON
import CubeTesting
import CubeTypes

/// A world in which anything may happen, and that complains when a plan breaks a promise.
struct PlanningChaos {
    var world = PlanningWorld()
    var random: SeededGenerator
    private(set) var complaints: [String] = []
    private(set) var counts: [String: Int] = [:]

    /// What the last listing showed, and the names that each file last defined in one.
    var listed: [BytePath: FileState] = [:]
    var defined: [BytePath: Set<WorkloadName>] = [:]
    /// The prunes that no person approved, and the names that one did.
    var pruned: [(at: Timestamp, name: WorkloadName)] = []
    var approved: Set<WorkloadName> = []
    /// Since when the planner saw tasks work, and those that it saw not ready.
    var readySince: [TaskID: (run: Int, at: Timestamp)] = [:]
    private var unready: Set<TaskID> = []

    static let names = (0..<12).map { "n\($0)" }
    private static let words = ["one", "two", "three", "bad", "crash", "hang"]

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
        world.behaviour = ["bad": .fail, "crash": .crash, "hang": .hang, "once": .complete, "again": .complete]
        world.join("w2")
        scheduleForeigner()
        for name in Self.names { write(name) }
        read()
        round()
    }

    // MARK: What happens

    mutating func step() {
        let name = Self.names.randomElement(using: &random)!
        switch Int.random(in: 0..<36, using: &random) {
        case 0..<5: write(name)
        case 5..<7: relabel("\(name).json")
        case 7..<9: world.files["\(name).json"] = nil
        case 9 where Bool.random(using: &random):
            world.files = [:]
            lookThrice()
        case 9:
            for name in Self.names.prefix(Int.random(in: 4...7, using: &random)) { world.files["\(name).json"] = nil }
        case 10..<12: world.spoil("\(name).json")
        case 12: world.root = RootIdentity.directory(device: 1, inode: 2)
        case 13: world.planner.isStorageWritable.toggle()
        case 14: retryFailed()
        case 15: direct(.restart, name)
        case 16: direct(.suspend, name, expires: .seconds(Int.random(in: 1...90, using: &random)))
        case 17: direct(.resume, name)
        case 18: approve()
        case 19: world.become([.fail, .crash, .run].randomElement(using: &random)!, name)
        case 20: world.now = world.now + .seconds(Int.random(in: 1...700, using: &random))
        case 21: world.relist()
        case 22: stopOne()
        case 23:
            world.files["\(name).json"] = nil
            restart(claiming: Bool.random(using: &random))
        case 24:
            for _ in 0..<2 {
                read(busy: true)
                world.now = world.now + .seconds(61)
            }
            read(busy: true)
        case 25..<28:
            world.now = world.now + .seconds(Int.random(in: 0...40, using: &random))
            read(complete: Int.random(in: 0..<8, using: &random) > 0, busy: Int.random(in: 0..<6, using: &random) == 0)
        case 28:
            let isGroup = world.files[ManifestGroup.fileName] == nil
            world.files[ManifestGroup.fileName] = isGroup ? .group(ManifestGroup(atomic: true)) : nil
        case 29, 30: drain(using: world.nodes.randomElement(using: &random)!)
        default:
            if Bool.random(using: &random) { world.root = RootIdentity.directory(device: 1, inode: 1) }
            lookThrice()
        }
        round()
        let chosen = random.next()
        world.work { UInt64($0.rawValue.utf8.last!) & chosen & 3 > 0 }
        if Bool.random(using: &random) { world.look() }
    }

    /// Drains, cordons or uncordons a node.
    private mutating func drain(using node: NodeName) {
        let kind = Int.random(in: 0..<4, using: &random)
        let jobsAfter: Duration? = Bool.random(using: &random) ? .seconds(20) : nil
        world.commit { transaction throws(APIError) in
            switch kind {
            case 0, 1: try transaction.drain(node, DrainRequest(jobsAfter: jobsAfter))
            case 2: try transaction.cordon(node)
            default: try transaction.uncordon(node)
            }
        }
        world.look()
    }

    private mutating func lookThrice() {
        for _ in 0..<3 {
            read()
            world.now = world.now + .seconds(Int.random(in: 1...3, using: &random))
        }
    }

    private mutating func write(_ name: String, isWell: Bool = false) {
        let isJob = Int.random(in: 0..<5, using: &random) == 0
        let word = isJob ? ["once", "again"].randomElement(using: &random)! : Self.words.randomElement(using: &random)!
        let file = !isWell && Int.random(in: 0..<12, using: &random) == 0 ? "other.json" : "\(name).json"
        world.write(
            file,
            Workload(
                name, word, file: file, replicas: Int.random(in: 0...3, using: &random), kind: isJob ? .job : .service,
                update: update(isJob: isJob),
                suspend: !isWell && Int.random(in: 0..<12, using: &random) == 0,
                prune: Int.random(in: 0..<8, using: &random) > 0,
                labels: ["team": ["a", "b"].randomElement(using: &random)!],
                dependsOn: dependencies(of: name, isWell: isWell),
                ignore: !isWell && Int.random(in: 0..<4, using: &random) == 0 ? ["/command", "/labels"] : []))
    }

    /// Mostly names before its own, so that there are few cycles.
    private mutating func dependencies(of name: String, isWell: Bool) -> [String] {
        let earlier = Self.names.prefix { $0 != name }
        guard Int.random(in: 0..<3, using: &random) == 0 else { return [] }
        let isStrange = !isWell && Int.random(in: 0..<4, using: &random) == 0
        return (isStrange ? Self.names + ["nobody"] : Array(earlier)).shuffled(using: &random).prefix(2).sorted()
    }

    private mutating func update(isJob: Bool) -> UpdatePolicy {
        let surge = isJob ? 0 : Int.random(in: 0...2, using: &random)
        return UpdatePolicy(
            maxUnavailable: Int.random(in: (surge == 0 ? 1 : 0)...2, using: &random), maxSurge: surge,
            deadline: .seconds(Int.random(in: 10...120, using: &random)),
            onFailure: Bool.random(using: &random) ? .stall : .revert)
    }

    /// Changes what needs no new task.
    private mutating func relabel(_ file: String) {
        guard case .readable(let workloads, _)? = world.files[BytePath(naming: file)], let old = workloads.first else {
            return
        }
        var definition = old.definition
        definition.labels["team"] = "\(random.next() % 1000)"
        world.write(file, Workload(definition: definition, steering: old.steering, range: old.range))
    }

    private mutating func read(complete: Bool = true, busy: Bool = false) {
        world.read(complete: complete, busy: busy)
        if complete { listed = world.files } else { listed.merge(world.files) { $1 } }
        for case (let file, .readable(let workloads, _)) in world.files { defined[file] = Set(workloads.map(\.name)) }
    }

    func snapshot() -> ManifestSnapshot {
        ManifestSnapshot(
            began: world.now, ended: world.now, isComplete: true, root: world.root, files: world.files,
            source: SourceRevision(path: "manifests"))
    }

    private mutating func direct(_ verb: Directive.Verb, _ name: String, expires: Duration? = nil) {
        world.direct(verb, name, expires: expires)
    }

    private mutating func retryFailed() {
        for entry in world.planner.differingEntries() where [.failed, .reverted, .rolloutStalled].contains(entry.rule) {
            direct(.retry, entry.name.rawValue)
        }
    }

    private mutating func approve() {
        for hold in pass().holds {
            // The manager knows what the lease told it last.
            world.carryOut(emptyPlan(holding: [hold]))
            world.direct(.approve, hold.digest.rawValue)
            approved.formUnion(hold.changes.map(\.name))
            count("approved")
        }
    }

    private func emptyPlan(holding holds: [Hold]) -> Plan {
        let digest = world.planner.desired.digest
        var plan = Plan(
            summary: SummaryStatus(owner: PlanningWorld.owner, source: SourceRevision(path: "manifests")),
            desiredDigest: digest, observedDigest: digest)
        plan.holds = holds
        return plan
    }

    /// Another process takes over, with nothing but what the manager tells it.
    ///
    /// - Parameter claiming: whether its source claimed the owner in between.
    private mutating func restart(claiming: Bool) {
        let isStorageWritable = world.planner.isStorageWritable
        world.move()
        world.planner.isStorageWritable = isStorageWritable
        if claiming { world.claimAnew() }
        (readySince, unready) = ([:], [])
        for _ in 0..<2 {
            world.now = world.now + .seconds(2)
            read()
        }
        for (file, state) in listed where state.isBroken {
            defined[file] = Set(world.live().filter { $0.source == file.text }.map(\.name))
        }
    }

    private mutating func stopOne() {
        guard let task = world.live().randomElement(using: &random) else { return }
        world.commit { transaction throws(APIError) in _ = try transaction.stop(task.id) }
    }

    private mutating func scheduleForeigner() {
        let definition = TaskDefinition(name: WorkloadName(rawValue: "n0")!, command: ["one"])
        let id = TaskID.derive(
            cluster: world.cluster.cluster, owner: .manual, name: definition.name, ordinal: 0, attempt: 0,
            digest: definition.specDigest)
        let proposal = TaskProposal(
            id: id, name: definition.name, ordinal: 0, attempt: 0, specDigest: definition.specDigest,
            settingsDigest: definition.settingsDigest, definition: definition)
        world.commit { transaction throws(APIError) in
            _ = try transaction.schedule(ScheduleRequest(owner: .manual, maxLive: 1, task: proposal))
        }
        world.relist()
    }

    // MARK: Another machine

    /// Complains where a planner that starts anew would prune, or hold, something else than this one.
    mutating func compareWithAnotherMachine() {
        world.look()
        var (stayed, moved) = (world, world)
        moved.move()
        // What is held for the storage of one machine is its own.
        stayed.planner.isStorageWritable = true
        func fates(_ world: inout PlanningWorld) -> (fates: [String], holds: [Hold]) {
            world.readTwice()
            let plan = world.planner.pass(now: world.now)
            let fates = world.planner.names.flatMap { name -> [String] in
                let steps = world.planner.entry(name)?.steps ?? []
                // What the other one cannot know: that a stop had no effect, or that somebody undid it.
                return steps.filter { $0.action.rule == .prune && $0.state != .inFlight }
                    .filter { $0.waitsFor != .noEffect && $0.waitsFor != .contested && $0.waitsFor != .retryBudget }
                    .map { "\(name)/\($0.action.ordinal) \($0.state) \($0.waitsFor?.rawValue ?? "")" }
            }
            return (fates, plan.holds)
        }
        let (here, there) = (fates(&stayed), fates(&moved))
        count("compared prunes", by: here.fates.count)
        if here != there { complain("\(here) here, and \(there) on another machine") }
    }

    // MARK: Rounds

    /// A pass, and what it saw.
    private mutating func pass() -> Plan {
        let plan = world.planner.pass(now: world.now)
        let live = (world.planner.observed?.workloads ?? [:]).values.flatMap(\.live)
        let former = readySince
        readySince = [:]
        for task in live where task.ready {
            let seen = unready.contains(task.id) ? world.now : task.startedAt ?? world.now
            readySince[task.id] = former[task.id].flatMap { $0.run == task.run ? $0 : nil } ?? (task.run, seen)
        }
        unready = Set(live.filter { !$0.ready }.map(\.id))
        return plan
    }

    /// One pass: checked, compared with the decision over everything, and carried out.
    @discardableResult
    private mutating func round() -> Plan {
        var everything = world.planner
        everything.reconsider()
        let plan = pass()
        let whole = everything.pass(now: world.now)
        if plan.actions != whole.actions || plan.holds != whole.holds || plan.summary != whole.summary
            || plan.reports != whole.reports || plan.observedDigest != whole.observedDigest
        {
            let names = Set(plan.reports.keys).union(whole.reports.keys).sorted()
            let differing = names.filter { everything.entry($0) != world.planner.entry($0) }
            complain(
                "the incremental plan is not the full one: \(plan.summary) and \(whole.summary)\n"
                    + differing.map {
                        "\($0): \(world.planner.entry($0)?.text ?? "none")\nand "
                            + "\(everything.entry($0)?.text ?? "none")"
                    }.joined(separator: "\n"))
        }
        check(plan)
        let before = world.errors.count
        world.carryOut(plan)
        for error in world.errors[before...] where error.reason != .illegalTransition {
            complain("the manager refused: \(error)")
        }
        if world.live(of: .manual).count != 1 { complain("another owner's task was stopped") }
        return plan
    }

    /// No fault any more, and people who let everything through: all must run as declared, and nothing happen after that.
    mutating func recover() {
        world.behaviour = ["once": .complete, "again": .complete]
        world.planner.isStorageWritable = true
        // One node is drained for good, and the other takes all tasks.
        world.commit { transaction throws(APIError) in
            try transaction.uncordon(PlanningWorld.node)
            try transaction.drain("w2", DrainRequest(jobsAfter: .zero))
        }
        world.look()
        world.files = [:]
        for name in Self.names.prefix(9) {
            write(name, isWell: true)
            direct(.resume, name)
            direct(.retry, name)
            direct(.restart, name)
        }
        var isConverged = false
        for _ in 0..<150 where !isConverged {
            read()
            isConverged = round().isConverged
            if !isConverged { approve() }
            world.work()
            world.look()
            world.now = world.now + .seconds(2)
        }
        guard isConverged else {
            complain("it does not converge:\n\(world.text())")
            return
        }
        count("converged")
        rest()
        checkEnd()
    }

    /// A thousand rounds with nothing to do: no call, and no file.
    private mutating func rest() {
        for _ in 0..<2 {
            // The last proof may end in something to be remembered.
            read()
            world.now = world.now + .seconds(2)
        }
        let summary = round().summary
        for _ in 0..<1000 {
            read()
            world.now = world.now + .seconds(20)
            let plan = world.planner.pass(now: world.now)
            guard plan.actions.isEmpty, plan.reports.isEmpty, plan.summary == summary, plan.notes.isEmpty else {
                return complain("it does not rest: \(plan)")
            }
        }
    }

    mutating func complain(_ text: String) { complaints.append(text) }
    mutating func count(_ word: String, by number: Int = 1) { counts[word, default: 0] += number }
}

extension PlanEntry {
    fileprivate var text: String {
        "\(rule) \(reason), \(report.status.health) \(steps.map { "\($0.action.verb) \($0.state)" }) "
            + "\(report.status.conditions.map { "\($0.type) \($0.message)" })"
    }
}
