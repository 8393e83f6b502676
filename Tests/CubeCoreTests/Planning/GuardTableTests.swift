import CubeCore
import CubeTypes
import Testing

/// What becomes of a hundred names when something happens to none, one, ten, all but one, or all of them: for each cause that
/// keeps a prune back. What is stopped, what waits, what is held and what an approval releases, as whole texts.
struct GuardTableTests {
    enum Cause: String, CaseIterable {
        case window, empty, foreign
        case pruneDisabled = "prune-disabled"
        case unreadable
        case unreadableUnknown = "unreadable-unknown"
        case busy
        case rootReplaced = "root-replaced"
        case ownerTaken = "owner-taken"
        case unproved
        case storage
    }

    @Test(arguments: Cause.allCases)
    func `in each situation, exactly the expected names are stopped, wait or are held`(cause: Cause) throws {
        var text = ""
        for share in [0, 1, 10, 99, 100] {
            var cell = Cell(cause, concerning: share)
            text += "=== \(cause.rawValue): \(share) of 100 names\n\(cell.outcome())\n"
        }
        try Golden.compare(text, with: "guard-table-\(cause.rawValue)")
    }

    /// Between the hold and the approval, a held name is declared again or another name is removed, and other names change.
    @Test(arguments: [Cause.window, .empty, .foreign, .pruneDisabled, .busy, .rootReplaced, .storage])
    func `an approval releases the held changes or a subset of them, even if other changes appear`(cause: Cause) throws
    {
        var fewer = Cell(cause, concerning: 50)
        let (_, holds) = fewer.tellHolds()
        try #require(holds.count == 1)
        var more = fewer
        fewer.world.write("keeper.json", Workload("keeper", "other"))
        fewer.world.write("new.json", Workload("new"))
        fewer.world.write("n07.json", Workload("n07"))
        fewer.look()
        more.world.files["n90.json"] = nil
        more.look()
        var text = ""
        for (title, cell) in [("one name comes back, and others change", fewer), ("one more name goes", more)] {
            var cell = cell
            cell.world.direct(.approve, holds[0].digest.rawValue)
            text += "=== \(cause.rawValue): held are \(Cell.ranges(Set(holds[0].changes.map(\.name)))); \(title)\n"
            text += "\(cell.outcome(approving: false))\n"
        }
        try Golden.compare(text, with: "guard-approval-\(cause.rawValue)")
    }
}

/// A world of a hundred names and a keeper, in which one thing happened to some of the names.
private struct Cell {
    var world = settled
    private let cause: GuardTableTests.Cause

    private static let names = (0..<100).map { "n\($0 / 10)\($0 % 10)" }

    /// All of the names are running.
    private static let settled: PlanningWorld = {
        var world = PlanningWorld()
        for name in names + ["keeper"] { world.write("\(name).json", Workload(name)) }
        world.read()
        world.settle()
        return world
    }()

    init(_ cause: GuardTableTests.Cause, concerning share: Int) {
        self.cause = cause
        let names = Self.names.prefix(share)
        switch cause {
        case .empty:
            // A name without live tasks has nothing to prune.
            for name in Self.names.dropFirst(share) + ["keeper"] {
                world.write("\(name).json", Workload(name, replicas: 0))
            }
            world.read()
            world.settle()
            world.files = [:]
        case .foreign:
            world.claimAnew()
        case .pruneDisabled:
            for name in names { world.write("\(name).json", Workload(name, prune: false)) }
            world.read()
        case .unreadable: for name in names { world.spoil("\(name).json") }
        case .unreadableUnknown: world.spoil("unknown.json")
        case .rootReplaced: world.root = RootIdentity.directory(device: 1, inode: 2)
        case .ownerTaken: world.planner.access = .watching(reason: "owner_taken", message: "another source has it")
        case .storage: world.planner.isStorageWritable = false
        case .window, .busy, .unproved: break
        }
        if cause != .unreadable { for name in names { world.files["\(name).json"] = nil } }
        look()
    }

    /// Lists the source in the way that the cause requires.
    mutating func look() {
        switch cause {
        case .unproved: world.read()
        case .busy:
            world.read(busy: true)
            world.now = world.now + .seconds(61)
            world.read(busy: true)
        default: world.readTwice()
        }
    }

    /// Makes the plan, and reports the held changes to the manager.
    mutating func tellHolds() -> (Plan, [Hold]) {
        let plan = world.planner.pass(now: world.now)
        world.carryOut(plan)
        return (plan, plan.holds)
    }

    /// The effect of a plan on the names, and the changes that each approval would release.
    mutating func outcome(approving: Bool = true) -> String {
        let planner = world.planner
        var seen = planner
        let before = seen.pass(now: world.now)
        var lines: [String] = []
        var groups: [String: Set<WorkloadName>] = [:]
        for name in (Self.names + ["keeper", "new"]).map({ WorkloadName(rawValue: $0)! }) {
            guard let entry = seen.entry(name) else { continue }
            if case .kept? = seen.desired.workloads[name] { groups["kept, \(entry.rule)", default: []].insert(name) }
            for step in entry.steps {
                let state =
                    switch step.state {
                    case .due: before.actions.contains(step.action) ? "now" : "due, and nobody's to do"
                    case .waiting, .held, .inFlight:
                        "\(step.state)\(step.waitsFor.map { ": \($0)" } ?? "")"
                    }
                groups["\(step.action.verb) \(state)", default: []].insert(name)
            }
        }
        lines += groups.sorted { $0.key < $1.key }.map { "\($0.key): \(Self.ranges($0.value))" }
        lines += before.summary.conditions.filter { [.held, .stale].contains($0.type) }
            .map { "\($0.type.rawValue): \($0.reason)" }
        if approving { for hold in before.holds { lines.append(approval(of: hold)) } }
        return lines.isEmpty ? "nothing to do\n" : lines.joined(separator: "\n") + "\n"
    }

    /// The additional stops after a hold was approved.
    private func approval(of hold: Hold) -> String {
        var after = self
        let (plan, _) = after.tellHolds()
        after.world.direct(.approve, hold.digest.rawValue)
        let released = after.world.planner.pass(now: after.world.now).actions.filter { $0.verb == .stop }
        let names = Set(released.map(\.name)).subtracting(plan.actions.map(\.name))
        return "cube approve \(hold.digest.hexadecimal.prefix(12)) (\(hold.guardName)) releases: \(Self.ranges(names))"
    }

    /// `n00-n09, keeper`; `none`.
    static func ranges(_ names: Set<WorkloadName>) -> String {
        var parts: [String] = []
        var open: (first: Int, last: Int)?
        func close() -> [String] {
            guard let open else { return [] }
            return [
                open.first == open.last ? Self.names[open.first] : "\(Self.names[open.first])-\(Self.names[open.last])"
            ]
        }
        for (index, name) in Self.names.enumerated() where names.contains(WorkloadName(rawValue: name)!) {
            if let last = open?.last, last == index - 1 {
                open?.last = index
            } else {
                parts += close()
                open = (index, index)
            }
        }
        parts += close() + names.map(\.rawValue).filter { !Self.names.contains($0) }.sorted()
        return parts.isEmpty ? "none" : parts.joined(separator: ", ")
    }
}
