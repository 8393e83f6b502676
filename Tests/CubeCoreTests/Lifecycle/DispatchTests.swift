import CubeCore
import CubeErrors
import CubeTesting
import CubeTypes
import Testing

/// When the manager repeats a call to a worker, and when it gives up a task.
struct DispatchTests {
    private let lease: Duration = .seconds(10)

    private func at(_ offset: Duration) -> ManualClock.Instant { ManualClock.Instant(offset: offset) }

    private func stop(_ number: Int, placement: Int = 1) -> WorkerCall {
        .stop(TaskID(rawValue: "00000000-0000-5000-8000-00000000000\(number)")!, placement: placement)
    }

    @Test func `A dispatch backoff doubles from 200 ms to 5 s, and jitter reduces it by up to half`() {
        var full = DispatchBackoff()
        var half = DispatchBackoff()
        let spans: [Int] = [200, 400, 800, 1600, 3200, 5000, 5000]
        for span in spans {
            #expect(full.fail(jitter: 1) == .milliseconds(span))
            #expect(half.fail(jitter: 0) == .milliseconds(span / 2))
        }
        for _ in 0..<1000 { #expect(full.fail(jitter: 1) == DispatchBackoff.longest) }
    }

    @Test func `A registration backoff grows by one second up to 10 s, and a registration resets it`() {
        var backoff = RegistrationBackoff()
        let waits = (1...12).map { _ in backoff.fail() }
        #expect(waits == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 10].map(Duration.seconds))
        backoff.succeed()
        #expect(backoff.fail() == .seconds(1))
    }

    @Test func `A failed call is repeated after its backoff, and other calls do not wait for it`() {
        var schedule = CallSchedule<ManualClock.Instant>(lease: lease)
        #expect(schedule.next(due: [], at: at(.zero)) == .wait(atMost: nil))
        #expect(schedule.next(due: [stop(1), stop(2)], at: at(.zero)) == .make([stop(1), stop(2)]))
        schedule.made(stop(1), .retry, at: at(.zero), jitter: 1)
        schedule.made(stop(2), .done, at: at(.zero), jitter: 1)
        #expect(schedule.next(due: [stop(1), stop(2)], at: at(.zero)) == .wait(atMost: .milliseconds(200)))
        #expect(schedule.next(due: [stop(1), stop(3)], at: at(.milliseconds(100))) == .make([stop(3)]))
        schedule.made(stop(3), .done, at: at(.milliseconds(100)), jitter: 1)
        #expect(schedule.next(due: [stop(1), stop(3)], at: at(.milliseconds(200))) == .make([stop(1)]))
        schedule.made(stop(1), .retry, at: at(.milliseconds(200)), jitter: 1)
        #expect(
            schedule.next(due: [stop(1), stop(3)], at: at(.milliseconds(200))) == .wait(atMost: .milliseconds(400)))
    }

    @Test func `An accepted call is repeated after a lease if no task list shows its effect`() {
        var schedule = CallSchedule<ManualClock.Instant>(lease: lease)
        schedule.made(stop(1), .done, at: at(.zero), jitter: 1)
        #expect(schedule.next(due: [stop(1)], at: at(.seconds(4))) == .wait(atMost: .seconds(6)))
        #expect(schedule.next(due: [stop(1)], at: at(.seconds(10))) == .make([stop(1)]))
    }

    @Test func `Another call for a task, and a call that is due again, are made without a wait`() {
        var schedule = CallSchedule<ManualClock.Instant>(lease: lease)
        for _ in 0..<5 { schedule.made(stop(1), .retry, at: at(.zero), jitter: 1) }
        let other = stop(1, placement: 2)
        #expect(schedule.next(due: [other], at: at(.zero)) == .make([other]))
        schedule.made(other, .retry, at: at(.zero), jitter: 1)
        #expect(schedule.next(due: [other], at: at(.zero)) == .wait(atMost: .milliseconds(200)))
        #expect(schedule.next(due: [], at: at(.zero)) == .wait(atMost: nil))
        #expect(schedule.next(due: [other], at: at(.zero)) == .make([other]))
    }

    @Test func `Calls are made in batches that fit into a request, and removals of volumes alone`() {
        let volume = WorkerCall.removeVolume(VolumeKey(owner: .default, name: VolumeName(rawValue: "data")!))
        let stops = (1...5).map { stop($0) }
        #expect(WorkerCall.groups(of: [stops[0], volume, stops[1]]) == [[stops[0], stops[1]], [volume]])
        let sizes = WorkerCall.groups(of: Array(repeating: stops[0], count: 70)).map(\.count)
        #expect(sizes == [32, 32, 6])
        var large = TaskAssignment.example()
        large.definition.env = ["TEXT": String(repeating: "x", count: 10_000)]
        let calls = Array(repeating: WorkerCall.assign(large), count: 4)
        #expect(WorkerCall.groups(of: calls, bytes: 25_000).map(\.count) == [2, 2])
        // A call that is too large for a batch is made nevertheless.
        #expect(WorkerCall.groups(of: calls, bytes: 5_000).map(\.count) == [1, 1, 1, 1])
        #expect(WorkerCall.groups(of: []) == [])
    }

    @Test func `The results of a batch are those of its operations, or none is taken`() throws {
        let stops = (1...2).map { stop($0) }
        let batch = WorkerBatch(
            cluster: TaskAssignment.example().cluster, term: 1, operations: stops.compactMap(\.operation))
        let tasks = batch.operations.map { operation in
            WorkerTask(
                id: operation.id, placement: 1, run: 1, state: .stopping,
                settingsDigest: TaskAssignment.example().definition.settingsDigest)
        }
        let results = tasks.map { WorkerResult(status: 202, task: $0) }
        #expect(try batch.answers(in: results).map { try $0.get() } == tasks)
        #expect(throws: APIError.self) { try batch.answers(in: Array(results.prefix(1))) }
        for answer in try batch.answers(in: results.reversed()) {
            let error = #expect(throws: APIError.self) { try answer.get() }
            #expect(error?.reason == .malformedAnswer)
        }
        let failed = [results[0], WorkerResult(error: APIError(.conflict, "no"))]
        let last = try #require(batch.answers(in: failed).last)
        let error = #expect(throws: APIError.self) { try last.get() }
        #expect(error?.reason == .conflict)
    }

    @Test func `A batch that is refused as a whole is separated only if that can help`() {
        let batch = WorkerBatch(cluster: TaskAssignment.example().cluster, term: 1, operations: [])
        for reason in [ErrorReason.routeNotFound, .methodNotAllowed, .bodyTooLarge, .validationFailed] {
            #expect(batch.mustBeSeparated(after: APIError(reason, "no")))
        }
        for reason in [ErrorReason.staleTerm, .foreignCluster, .unavailable, .timeout, .unauthorized] {
            #expect(!batch.mustBeSeparated(after: APIError(reason, "no")))
        }
    }

    @Test func `Only an assignment that the worker finds invalid is not repeated`() {
        let assign = WorkerCall.assign(.example())
        for reason in [ErrorReason.validationFailed, .bodyTooLarge] {
            #expect(CallOutcome(of: assign, failedWith: APIError(reason, "no")) == .refuse(message: "no"))
            #expect(CallOutcome(of: stop(1), failedWith: APIError(reason, "no")) == .retry)
        }
        for reason in [ErrorReason.conflict, .unavailable, .timeout, .storageFull, .staleTerm, .unauthorized] {
            #expect(CallOutcome(of: assign, failedWith: APIError(reason, "no")) == .retry)
        }
        #expect(CallOutcome(of: assign, failedWith: nil) == .retry)
    }

    /// The lease, and the difference that the worker's clock may have.
    private var patience: Duration { lease + .milliseconds(100) }

    @Test func `A query returns the receipt of the last response`() {
        var watch = WorkerContact(lease: lease, at: at(.zero))
        #expect(watch.query(at: at(.zero)).receipt == nil)
        watch.answered(term: 1, receipt: "a.1", at: at(.seconds(1)))
        #expect(watch.query(at: at(.seconds(1))).receipt == "a.1")
        _ = watch.failed(nil, term: 1, at: at(.seconds(2)), jitter: 0)
        #expect(watch.query(at: at(.seconds(2))).receipt == "a.1")
    }

    @Test func `A query asks for everything, then for changes, and for an immediate response after a failure`() {
        var watch = WorkerContact(lease: lease, at: at(.zero))
        #expect(watch.query(at: at(.zero)) == query(since: nil, wait: .zero, limit: patience))
        let list = WorkerTaskList(complete: true, incarnation: "a", sequence: 7, tasks: [])
        watch.answered(term: 1, at: at(.seconds(1)))
        watch.observed(list, isStored: false)
        #expect(watch.query(at: at(.seconds(1))) == query(since: nil, wait: .zero, limit: patience))
        watch.observed(list, isStored: true)
        #expect(watch.query(at: at(.seconds(2))) == query(since: 7, wait: lease / 3, limit: lease / 3 + lease / 6))
        _ = watch.failed(nil, term: 1, at: at(.seconds(10)), jitter: 0)
        #expect(watch.query(at: at(.seconds(4))) == query(since: 7, wait: .zero, limit: lease / 3))
        _ = watch.failed(nil, term: 1, at: at(.seconds(10)), jitter: 0)
        let rest = at(.seconds(10)).duration(to: at(.seconds(1) + patience))
        #expect(watch.query(at: at(.seconds(10))) == query(since: 7, wait: .zero, limit: rest))
        #expect(watch.query(at: at(.seconds(12))) == query(since: 7, wait: .zero, limit: lease / 3))
    }

    /// - Parameters:
    ///   - isRefused: whether each query fails at once; otherwise, it fails at its limit.
    ///   - jitter: the jitter of the waits, in parts of 3,000.
    @Test(arguments: [true, false], [0, 400, 1200, 3000])
    func `The end of the lease is noticed when it ends, however queries fail`(isRefused: Bool, jitter: Int) {
        var watch = WorkerContact(lease: lease, at: at(.zero))
        watch.answered(term: 1, at: at(.zero))
        watch.observed(WorkerTaskList(complete: true, incarnation: "a", sequence: 7, tasks: []), isStored: true)
        var now = Duration.zero
        while true {
            now += isRefused ? .milliseconds(1) : watch.query(at: at(now)).limit
            let failure = watch.failed(nil, term: 1, at: at(now), jitter: Double(jitter) / 3000)
            if failure.isSilent { break }
            now += failure.pause
        }
        #expect(now >= patience && now < patience + .milliseconds(250), "\(now)")
    }

    /// The network fails for half of the lease. TCP repeats the first packet of a connection after 1 and 3 seconds.
    @Test func `An exclusive task survives a cut of half the lease, whenever the cut begins`() {
        func survives(_ age: Duration, hasExclusive: Bool) -> Bool {
            // The last response that a later query acknowledged was sent at 0, and the cut begins at an age of it.
            var (watch, worker) = (WorkerContact(lease: lease, at: at(.zero)), WorkerLease(incarnation: "a"))
            watch.answered(term: 1, receipt: worker.issue(at: .zero), at: at(.zero))
            watch.observed(WorkerTaskList(complete: true, incarnation: "a", sequence: 7, tasks: []), isStored: true)
            var query = watch.query(at: at(.zero), hasExclusive: hasExclusive)
            guard let end = worker.renew(LeaseRenewal(receipt: query.receipt, length: lease), at: .zero) else {
                return false
            }
            // The response is lost.
            var now = query.limit
            while now < end {
                now += watch.failed(nil, term: 1, at: at(now), jitter: 1).pause
                query = watch.query(at: at(now), hasExclusive: hasExclusive)
                let sends = [Duration.zero, .seconds(1), .seconds(3)].map { now + $0 }
                if let arrival = sends.first(where: { $0 >= age + lease / 2 && $0 < now + query.limit }) {
                    return arrival < end
                }
                now += query.limit
            }
            return false
        }
        let waits = (0...125).map { lease / 1000 * $0 }
        #expect(waits.allSatisfy { survives($0, hasExclusive: true) })
        #expect(!survives(lease / 3, hasExclusive: false), "With the usual wait, it does not.")
    }

    private func query(
        since: Int?, wait: Duration, limit: Duration
    ) -> WorkerContact<ManualClock.Instant>.Query {
        .init(since: since, incarnation: since.map { _ in "a" }, wait: wait, limit: limit)
    }

    @Test func `A worker is silent when its lease expires, and the wait grows with each failure`() {
        var watch = WorkerContact(lease: lease, at: at(.zero))
        watch.answered(term: 1, at: at(.seconds(5)))
        let first = watch.failed(
            APIError(.unavailable, "no"), term: 1, at: at(.seconds(5) + patience - .milliseconds(1)), jitter: 1)
        #expect(first.isFirst && !first.isSilent && first.pause == .milliseconds(200))
        let second = watch.failed(
            APIError(.unavailable, "no"), term: 1, at: at(.seconds(5) + patience), jitter: 1)
        #expect(!second.isFirst && second.isSilent && second.pause == .milliseconds(400))
        watch.answered(term: 1, at: at(.seconds(16)))
        // A response that the manager cannot store renews the lease, but does not reset the backoff.
        let third = watch.failed(nil, term: 1, at: at(.seconds(17)), jitter: 1)
        #expect(!third.isFirst && !third.isSilent && third.pause == .milliseconds(800))
    }

    @Test func `A worker is overdue after half of its lease`() {
        var watch = WorkerContact(lease: lease, at: at(.zero))
        watch.answered(term: 1, at: at(.seconds(5)))
        #expect(!watch.failed(nil, term: 1, at: at(.seconds(9)), jitter: 0).isOverdue)
        let failure = watch.failed(nil, term: 1, at: at(.seconds(10)), jitter: 0)
        #expect(failure.isOverdue && !failure.isSilent)
        watch.answered(term: 1, at: at(.seconds(11)))
        #expect(!watch.failed(nil, term: 1, at: at(.seconds(12)), jitter: 0).isOverdue)
    }

    @Test func `A manager that stood still gives the worker a whole lease again`() {
        let failure = APIError(.unavailable, "no")
        // During a query, and between two queries.
        for isWaiting in [true, false] {
            var watch = WorkerContact(lease: lease, at: at(.zero))
            watch.answered(term: 1, at: at(.zero))
            _ = watch.query(at: at(.zero))
            if !isWaiting {
                _ = watch.failed(failure, term: 1, at: at(.seconds(1)), jitter: 0)
                _ = watch.query(at: at(.seconds(3600)))
            }
            #expect(!watch.failed(failure, term: 1, at: at(.seconds(3600)), jitter: 0).isSilent)
            _ = watch.query(at: at(.seconds(3601)))
            #expect(!watch.failed(failure, term: 1, at: at(.seconds(3604)), jitter: 0).isSilent)
            _ = watch.query(at: at(.seconds(3605)))
            #expect(watch.failed(failure, term: 1, at: at(.seconds(3600) + patience), jitter: 0).isSilent)
        }
    }

    @Test func `A failure contains the higher term that the worker has accepted`() {
        var watch = WorkerContact(lease: lease, at: at(.zero))
        let stale = APIError(.staleTerm, "no", details: ["term": "9"])
        let before = watch.failed(stale, term: 3, at: at(.zero), jitter: 0)
        #expect(before.higherTerm == 9 && !before.hasAcceptedOurs)
        watch.answered(term: 3, at: at(.zero))
        #expect(watch.failed(stale, term: 3, at: at(.zero), jitter: 0).hasAcceptedOurs == true)
        #expect(watch.failed(stale, term: 4, at: at(.zero), jitter: 0).hasAcceptedOurs == false)
        #expect(watch.failed(APIError(.unavailable, "no"), term: 4, at: at(.zero), jitter: 0).higherTerm == nil)
    }
}
