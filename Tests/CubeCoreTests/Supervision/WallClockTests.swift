import CubeCore
import CubeTesting
import CubeTypes
import Testing

/// Runs the same history on two machines, one of which has a wall clock that jumps.
struct WallClockTests {
    private enum Event {
        case launch, exit(code: Int, lasted: Int), waitOver, stop, recover
        case check(CheckKind, CheckFinding)
    }

    private struct Step {
        var event: Event
        /// The time since the previous step.
        var seconds: Int
        /// The offset of the wall clock from now on.
        var shift: Int
        var jitter: Double
    }

    @Test func `jumps of the wall clock do not change the decisions of a placement`() throws {
        var random = SeededGenerator()
        let seed = random.seed
        var tally: [String: Int] = [:]
        for round in 0..<2000 {
            let check = HealthCheck(command: ["check"], interval: .seconds(1), timeout: .seconds(1))
            let policy = RestartPolicy(
                policy: random.pick([.always, .onFailure]), max: random.pick([nil, 1, 3]),
                within: .seconds(Int.random(in: 1...200, using: &random)),
                backoff: .seconds(Int.random(in: 1...4, using: &random)),
                backoffMax: .seconds(Int.random(in: 4...60, using: &random)))
            let assignment = TaskAssignment.example {
                $0.restart = policy
                $0.health = HealthChecks(ready: check, live: check)
            }
            let steps = (0..<60).map { _ in
                Step(
                    event: event(&random), seconds: Int.random(in: 0...120, using: &random),
                    shift: random.pick([0, 0, -3600, 3600, -400_000_000, 400_000_000]),
                    jitter: Double.random(in: 0..<1, using: &random))
            }
            let still = trace(of: steps, assignment, jumping: false)
            let jumping = trace(of: steps, assignment, jumping: true)
            try #require(still == jumping, "seed \(seed), round \(round)")
            tally[still.last!.report.reason?.rawValue ?? "running", default: 0] += 1
        }
        print("wall clocks, seed \(seed): \(tally.sorted { $0.key < $1.key })")
        for reason: TaskReason in [.backoff, .crashLoop, .restartsUsedUp, .stopRequested] {
            #expect(tally[reason.rawValue, default: 0] > 0, "\(reason) never came up, seed \(seed)")
        }
    }

    private func event(_ random: inout SeededGenerator) -> Event {
        switch Int.random(in: 0..<40, using: &random) {
        case 0: .stop
        case 1..<4: .recover
        case 4..<14: .launch
        case 14..<24:
            .exit(code: Int.random(in: 0...1, using: &random), lasted: random.pick([1, 30, 700]))
        case 24..<34: .waitOver
        default:
            .check(random.pick(CheckKind.allCases), random.pick([.passes, .tolerated("no"), .fails("no")]))
        }
    }

    /// The visible state of a placement, without times for display.
    private struct Seen: Equatable {
        var report: WorkerTask
        var wait: Duration?
        var probation: Duration?
        var sinceStart: Duration?
        var sinceEnd: Duration?
    }

    private func trace(of steps: [Step], _ assignment: TaskAssignment, jumping: Bool) -> [Seen] {
        var placement = SupervisedPlacement(assignment, boot: "a")
        var uptime = Duration.seconds(1000)
        return steps.map { step in
            uptime += .seconds(step.seconds)
            let wall = Timestamp(milliseconds: 1_700_000_000_000) + uptime + .seconds(jumping ? step.shift : 0)
            let now = DurableInstant(boot: "a", uptime: uptime, wall: wall)
            apply(step, to: &placement, at: now)
            var seen = Seen(report: placement.report(notEnforced: []))
            (seen.report.startedAt, seen.report.endedAt, seen.report.notBefore) = (nil, nil, nil)
            seen.report.exit?.at = Timestamp(milliseconds: 0)
            if case .wait(let until) = placement.due { seen.wait = until.remaining(at: now) }
            seen.probation = placement.probation(at: now)
            seen.sinceStart = placement.startedAt.map { now.since($0) }
            seen.sinceEnd = placement.endedAt.map { now.since($0) }
            return seen
        }
    }

    private func apply(_ step: Step, to placement: inout SupervisedPlacement, at now: DurableInstant) {
        switch step.event {
        case .launch: placement.launched(run: placement.run, at: now)
        case .exit(let code, let lasted):
            placement.ended(
                run: placement.run, .exited(TaskResult(code: code, at: now.wall), lasted: .seconds(lasted)),
                output: nil, now: now, jitter: step.jitter)
        case .waitOver:
            if case .wait(let until) = placement.due, until.hasPassed(at: now) {
                placement.waitOver(run: placement.run, boot: now.boot)
            }
        case .stop: placement.stopRequested(now: now)
        case .recover: placement.recovered(run: placement.run, now: now)
        case .check(let kind, let finding): placement.checked(run: placement.run, kind, finding)
        }
    }
}
