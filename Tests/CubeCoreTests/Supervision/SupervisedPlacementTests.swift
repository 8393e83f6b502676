import CubeCore
import CubeTesting
import CubeTypes
import Testing

struct SupervisedPlacementTests {
    private let now = DurableInstant(boot: "a", uptime: .seconds(500), wall: Timestamp(milliseconds: 1_000_000))

    @Test func `A stop during the wait for the next run ends the task immediately`() {
        var placement = SupervisedPlacement(.example(), boot: "a")
        placement.launched(run: 1, at: now)
        placement.ended(
            run: 1, .exited(TaskResult(code: 1, at: now.wall), lasted: .seconds(1)), output: nil, now: now, jitter: 0)
        #expect(placement.due == .wait(until: DurableDeadline(.seconds(1), from: now)))
        placement.stopRequested(now: now)
        #expect(placement.due == .nothing)
        #expect(placement.report(notEnforced: []).state == .stopped)
        #expect(placement.report(notEnforced: []).exit?.code == 1)
    }

    @Test func `A run that ends after a stop request is stopped, whatever the restart policy`() {
        var placement = SupervisedPlacement(.example(), boot: "a")
        placement.stopRequested(now: now)
        #expect(placement.due == .abandon(run: 1, boot: "a"))
        placement.launched(run: 1, at: now)
        #expect(placement.due == .stop(run: 1, boot: "a"))
        placement.ended(
            run: 1, .exited(TaskResult(code: 1, at: now.wall), lasted: .seconds(1)), output: nil, now: now, jitter: 0)
        #expect(placement.report(notEnforced: []).state == .stopped)
        #expect(placement.report(notEnforced: []).reason == .stopRequested)
    }

    @Test func `New settings change only fields that change in place`() {
        var placement = SupervisedPlacement(.example(), boot: "a")
        var definition = placement.assignment.definition
        definition.command = ["other"]
        definition.env = ["A": "b"]
        definition.labels = ["team": "shop"]
        placement.settingsChanged(
            TaskSettings(
                cluster: placement.assignment.cluster, term: 1, placement: 1,
                settingsDigest: placement.assignment.settingsDigest, definition: definition))
        #expect(placement.assignment.definition == TaskAssignment.example { $0.labels = ["team": "shop"] }.definition)
    }

    /// The runs in a simulated runtime: which were started, which is alive, which have ended and which were abandoned.
    private struct Runs {
        var started: [Int] = []
        var alive: Int?
        var ends: [Int: RunEnd] = [:]
        var abandoned: Set<Int> = []
    }

    @Test
    func
        `In any order of events and worker crashes, one run is alive at a time, no run starts twice, no exit is lost and progress never reverts`()
        throws
    {
        var random = SeededGenerator()
        let seed = random.seed
        var tally: [String: Int] = [:]
        for round in 0..<2000 {
            let policy = RestartPolicy(
                policy: random.pick([.always, .onFailure, .never]),
                max: .random(in: 0...4, using: &random),
                backoff: .seconds(1))
            let check = HealthCheck(command: ["check"], interval: .seconds(1), timeout: .seconds(1))
            let assignment = TaskAssignment.example {
                $0.restart = policy
                $0.health = HealthChecks(ready: check, live: check)
            }
            var stored = SupervisedPlacement(assignment, boot: "0")
            // The runs whose live check failed.
            var unhealthy: Set<Int> = []
            var placement = stored
            var runs = Runs()
            var boot = 0
            var now = self.now
            var last = Progress(placement)
            let trace = "seed \(seed), round \(round)"

            for _ in 0..<60 where placement.due != .nothing || Bool.random(using: &random) {
                now = now + .seconds(Int.random(in: 0...30, using: &random))
                switch Int.random(in: 0..<12, using: &random) {
                case 0:
                    // The worker is killed, and recovers unwritten state from the runtime.
                    placement = stored
                    adopt(&placement, &stored, runs, now: now, &random)
                    tally["killed", default: 0] += 1
                case 1 where runs.alive != nil:
                    let code = Int.random(in: 0...1, using: &random)
                    runs.ends[runs.alive!] = .exited(TaskResult(code: code, at: now.wall), lasted: .seconds(5))
                    runs.alive = nil
                case 2 where runs.alive != nil && Int.random(in: 0..<4, using: &random) == 0:
                    runs.ends[runs.alive!] = .supervisorLost
                    runs.alive = nil
                case 3 where Int.random(in: 0..<8, using: &random) == 0:
                    boot += 1
                    if let alive = runs.alive { runs.ends[alive] = .rebooted }
                    runs.alive = nil
                    placement = stored
                    adopt(&placement, &stored, runs, now: now, &random)
                    tally["rebooted", default: 0] += 1
                case 4 where Int.random(in: 0..<6, using: &random) == 0:
                    placement.stopRequested(now: now)
                    stored = placement
                case 5:
                    let finding = random.pick([CheckFinding.passes, .tolerated("no"), .fails("no")])
                    placement.checked(run: random.pick([1, placement.run]), random.pick(CheckKind.allCases), finding)
                    stored = placement
                    if case .stop(let run, _) = placement.due, placement.desired == .run {
                        unhealthy.insert(run)
                        tally["unhealthy", default: 0] += 1
                    }
                default:
                    self.step(&placement, &stored, &runs, boot: "\(boot)", now: now, &random)
                }
                try #require(Set(runs.started).count == runs.started.count, "started twice: \(trace)")
                try #require(runs.started == runs.started.sorted(), "out of order: \(trace)")
                try #require(runs.abandoned.isDisjoint(with: runs.started), "started after all: \(trace)")
                if runs.alive != nil { try #require(placement.due != .nothing, "left behind: \(trace)") }
                let progress = Progress(placement)
                try #require(progress >= last, "fell back: \(trace)")
                last = progress
                if round.isMultiple(of: 40) { expectSameBytes(of: placement) }
            }
            let report = placement.report(notEnforced: [])
            tally[report.state.rawValue, default: 0] += 1
            try #require(!report.ready || report.state == .running, "ready without a run: \(trace)")
            try #require(report.state != .completed || !unhealthy.contains(report.run), "no success: \(trace)")
            if case .exited(let result, _) = runs.ends[runs.started.last ?? 0], placement.endedAt != nil {
                #expect(placement.report(notEnforced: []).exit == result, "exit lost: \(trace)")
            }
        }
        print("supervision, seed \(seed): \(tally.sorted { $0.key < $1.key })")
    }

    /// Determines the state of the run, as a worker does before it reports the task.
    private func adopt(
        _ placement: inout SupervisedPlacement, _ stored: inout SupervisedPlacement, _ runs: Runs, now: DurableInstant,
        _ random: inout SeededGenerator
    ) {
        if runs.alive == placement.run { placement.launched(run: placement.run, at: now) }
        guard let end = runs.ends[placement.run] else { return }
        placement.ended(run: placement.run, end, output: nil, now: now, jitter: .random(in: 0..<1, using: &random))
        stored = placement
    }

    /// Carries out what is due, like the worker.
    private func step(
        _ placement: inout SupervisedPlacement, _ stored: inout SupervisedPlacement, _ runs: inout Runs, boot: String,
        now: DurableInstant, _ random: inout SeededGenerator
    ) {
        func end(_ run: Int, _ end: RunEnd, _ placement: inout SupervisedPlacement) {
            placement.ended(run: run, end, output: nil, now: now, jitter: .random(in: 0..<1, using: &random))
        }
        switch placement.due {
        case .start(let run, let runBoot):
            if let over = runs.ends[run] {
                end(run, over, &placement)
            } else if runs.alive == run {
                return placement.launched(run: run, at: now)
            } else if runBoot != boot {
                end(run, .rebooted, &placement)
            } else {
                precondition(runs.alive == nil)
                runs.started.append(run)
                runs.alive = run
                if Bool.random(using: &random) { placement.launched(run: run, at: now) }
                return
            }
        case .abandon(let run, _):
            if let over = runs.ends[run] {
                end(run, over, &placement)
            } else if runs.alive == run {
                return placement.launched(run: run, at: now)
            } else {
                runs.abandoned.insert(run)
                end(run, .neverStarted, &placement)
            }
        case .watch(let run, _):
            guard let over = runs.ends[run] else { return }
            end(run, over, &placement)
        case .stop(let run, _):
            if runs.alive == run {
                runs.ends[run] = .exited(TaskResult(code: nil, signal: 15, at: now.wall), lasted: .seconds(1))
                runs.alive = nil
            }
            end(run, runs.ends[run]!, &placement)
        case .wait:
            placement.waitOver(run: placement.run, boot: boot)
        case .nothing: return
        }
        stored = placement
    }

    /// The progress `(run, state)`, which only grows.
    private struct Progress: Comparable {
        let run: Int
        let rank: Int

        init(_ placement: SupervisedPlacement) {
            let report = placement.report(notEnforced: [])
            run = report.run
            rank = [.scheduled, .running, .stopping].firstIndex(of: report.state) ?? 3
        }

        static func < (left: Progress, right: Progress) -> Bool {
            (left.run, left.rank) < (right.run, right.rank)
        }
    }
}
