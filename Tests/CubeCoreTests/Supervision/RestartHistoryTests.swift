import CubeCore
import CubeTypes
import Testing

struct RestartHistoryTests {
    private let start = DurableInstant(
        boot: "a", uptime: .seconds(5000), wall: Timestamp(milliseconds: 1_000_000_000))

    private func exit(_ code: Int, after lasted: Duration = .seconds(1)) -> RunEnd {
        .exited(TaskResult(code: code, at: start.wall), lasted: lasted)
    }

    @Test(
        arguments: [
            (.always, 0, nil), (.always, 1, nil), (.onFailure, 0, .completed), (.onFailure, 1, nil),
            (.never, 0, .completed), (.never, 1, .failed), ("unheard_of", 1, .failed),
        ] as [(RestartPolicy.Condition, Int, TaskState?)])
    func `The policy and the end of a run decide whether the task is restarted`(
        policy: RestartPolicy.Condition, code: Int, state: TaskState?
    ) {
        var history = RestartHistory()
        let decision = history.decide(
            after: exit(code), policy: RestartPolicy(policy: policy), of: .service, now: start, jitter: 0)
        #expect(decision == state.map { .end($0, .exited) } ?? .restart(after: .seconds(1)))
        #expect(history.count == (state == nil ? 1 : 0))
    }

    @Test(arguments: [RunEnd.supervisorLost, .rebooted])
    func `An unknown outcome counts as a failure`(end: RunEnd) {
        var history = RestartHistory()
        #expect(
            history.decide(after: end, policy: RestartPolicy(policy: .never), of: .service, now: start, jitter: 0)
                == .end(.failed, end.reason))
    }

    @Test func `The backoff doubles up to its limit, and is reset after a stable run`() {
        var history = RestartHistory()
        let policy = RestartPolicy(
            policy: .always, max: 100, backoff: .milliseconds(300), backoffMax: .seconds(1))
        func wait(after lasted: Duration, jitter: Double = 0) -> Duration? {
            let decision = history.decide(
                after: exit(1, after: lasted), policy: policy, of: .service, now: start, jitter: jitter)
            if case .restart(let wait) = decision { return wait }
            return nil
        }
        #expect((0..<4).map { _ in wait(after: .seconds(1)) } == [0.3, 0.6, 1, 1].map { .seconds($0) })
        #expect(wait(after: .seconds(600)) == .milliseconds(300))
        #expect(wait(after: .seconds(599), jitter: 0.5) == .milliseconds(660))
    }

    @Test func `a service without a limit is restarted indefinitely, and reports its crash loop`() {
        var history = RestartHistory()
        let policy = RestartPolicy.standard(for: .service)
        var waits: [Duration] = []
        for restart in 1...1000 {
            guard
                case .restart(let wait) = history.decide(
                    after: exit(1), policy: policy, of: .service, now: start + .seconds(restart), jitter: 0)
            else {
                Issue.record("not restarted after \(restart) restarts")
                return
            }
            waits.append(wait)
            #expect(history.isLooping(policy) == (restart >= 7), "restart \(restart)")
        }
        #expect(
            Array(waits.prefix(8)) == [1, 2, 4, 8, 16, 32, 60, 60].map { .seconds($0) } && waits.last == .seconds(60))
        _ = history.decide(
            after: exit(1, after: .seconds(600)), policy: policy, of: .service, now: start + .seconds(2000), jitter: 0)
        #expect(!history.isLooping(policy), "a stable run begins anew")
    }

    @Test(arguments: [RestartPolicy.standard(for: .job), RestartPolicy(policy: .onFailure)])
    func `A job ends after 10 restarts within 10 minutes, whoever made its policy`(policy: RestartPolicy) {
        var history = RestartHistory()
        for restart in 0...10 {
            let decision = history.decide(
                after: exit(1), policy: policy, of: .job, now: start + .seconds(restart), jitter: 0)
            #expect((decision == .end(.failed, .restartsUsedUp)) == (restart == 10))
        }
    }

    @Test func `setting the wall clock back by an hour does not extend the restart window`() {
        var history = RestartHistory()
        let policy = RestartPolicy(policy: .always, max: 2, within: .seconds(100))
        func decide(at second: Int, wall: Int) -> RestartHistory.Decision {
            let now = DurableInstant(
                boot: "a", uptime: start.uptime + .seconds(second), wall: start.wall + .seconds(wall))
            return history.decide(after: exit(1), policy: policy, of: .service, now: now, jitter: 0)
        }
        #expect(decide(at: 0, wall: 0) == .restart(after: .seconds(1)))
        #expect(decide(at: 1, wall: 1) == .restart(after: .seconds(2)))
        #expect(decide(at: 102, wall: 102 - 3600) == .restart(after: .seconds(4)))
        #expect(decide(at: 103, wall: 999_999) == .restart(after: .seconds(8)))
        #expect(decide(at: 104, wall: 999_999) == .end(.failed, .restartsUsedUp))
    }

    @Test func `A task fails when it exceeds the allowed restarts in the window`() {
        var history = RestartHistory()
        let policy = RestartPolicy(policy: .always, max: 2, within: .seconds(100))
        func decide(at second: Int) -> RestartHistory.Decision {
            history.decide(after: exit(1), policy: policy, of: .service, now: start + .seconds(second), jitter: 0)
        }
        #expect(decide(at: 0) == .restart(after: .seconds(1)))
        #expect(decide(at: 50) == .restart(after: .seconds(2)))
        #expect(decide(at: 101) == .restart(after: .seconds(4)))
        #expect(decide(at: 140) == .end(.failed, .restartsUsedUp))
        #expect(history.count == 3)
    }
}
