import CubeCore
import CubeTypes
import Testing

struct RestartHistoryTests {
    private let start = Timestamp(milliseconds: 1_000_000_000)

    private func exit(_ code: Int, after lasted: Duration = .seconds(1)) -> RunEnd {
        .exited(TaskResult(code: code, at: start), lasted: lasted)
    }

    @Test(
        "The policy and the end decide whether there is another run",
        arguments: [
            (.always, 0, nil), (.always, 1, nil), (.onFailure, 0, .completed), (.onFailure, 1, nil),
            (.never, 0, .completed), (.never, 1, .failed), ("unheard_of", 1, .failed),
        ] as [(RestartPolicy.Condition, Int, TaskState?)])
    func policies(policy: RestartPolicy.Condition, code: Int, state: TaskState?) {
        var history = RestartHistory()
        let decision = history.decide(
            after: exit(code), policy: RestartPolicy(policy: policy), now: start, jitter: 0)
        #expect(decision == state.map { .end($0, .exited) } ?? .restart(after: .seconds(1)))
        #expect(history.count == (state == nil ? 1 : 0))
    }

    @Test("Whatever is not known to be a success is a failure", arguments: [RunEnd.supervisorLost, .rebooted])
    func unknown(end: RunEnd) {
        var history = RestartHistory()
        #expect(
            history.decide(after: end, policy: RestartPolicy(policy: .never), now: start, jitter: 0)
                == .end(.failed, end.reason))
    }

    @Test("Waits double up to their limit, and begin anew after a stable run")
    func backoff() {
        var history = RestartHistory()
        let policy = RestartPolicy(
            policy: .always, max: 100, backoff: .milliseconds(300), backoffMax: .seconds(1))
        func wait(after lasted: Duration, jitter: Double = 0) -> Duration? {
            let decision = history.decide(after: exit(1, after: lasted), policy: policy, now: start, jitter: jitter)
            if case .restart(let wait) = decision { return wait }
            return nil
        }
        #expect((0..<4).map { _ in wait(after: .seconds(1)) } == [0.3, 0.6, 1, 1].map { .seconds($0) })
        #expect(wait(after: .seconds(600)) == .milliseconds(300))
        #expect(wait(after: .seconds(599), jitter: 0.5) == .milliseconds(660))
    }

    @Test("So many restarts within so long a time are allowed, and one more fails the task")
    func budget() {
        var history = RestartHistory()
        let policy = RestartPolicy(policy: .always, max: 2, within: .seconds(100))
        func decide(at second: Int) -> RestartHistory.Decision {
            history.decide(after: exit(1), policy: policy, now: start + .seconds(second), jitter: 0)
        }
        #expect(decide(at: 0) == .restart(after: .seconds(1)))
        #expect(decide(at: 50) == .restart(after: .seconds(2)))
        #expect(decide(at: 101) == .restart(after: .seconds(4)))
        #expect(decide(at: 140) == .end(.failed, .restartsUsedUp))
        #expect(history.count == 3)
    }
}
