import CubeCore
import CubeErrors
import CubeTypes
import Logging

/// All that the manager has to do with one worker, as long as it is registered as it is: it watches what the worker
/// reports, and makes the calls that are due.
///
/// Calls are due by the stored state alone, which holds the worker's last report; so a call that failed, or whose answer
/// was lost, is made again, and one that succeeded shows in the next report.
struct NodeDispatcher: Sendable {
    /// One registration of a node; a new address or a new start of the worker makes another one.
    struct Registration: Hashable, Sendable {
        var name: NodeName
        var url: String
        /// The revision that it stands since.
        var revision: Int
    }

    let service: ManagerService
    let registration: Registration
    private let logger: Logger

    init(service: ManagerService, registration: Registration) {
        self.service = service
        self.registration = registration
        var logger = service.logger
        logger[metadataKey: "node"] = "\(registration.name)"
        self.logger = logger
    }

    private var name: NodeName { registration.name }

    /// How many calls are made at a time.
    private static let concurrency = 8

    func run() async {
        let (listed, told) = AsyncStream.makeStream(of: Void.self)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await watch(clock: service.clock, listed: told) }
            group.addTask {
                // What the worker has comes first: a call that is due by an old report may be none.
                for await _ in listed {}
                await call(clock: service.clock)
            }
            await service.waitWhile(registered: registration)
            group.cancelAll()
        }
    }
}

// MARK: - What it reports

extension NodeDispatcher {
    /// Asks the worker for its tasks, then for what changed, again and again.
    private func watch<C: Clock<Duration>>(clock: C, listed: AsyncStream<Void>.Continuation) async {
        var watch = WorkerContact(lease: service.options.workerLease, at: clock.now)
        while !Task.isCancelled {
            let term = await service.term
            do {
                let query = watch.query(at: clock.now)
                let list = try await withDeadline(query.limit, clock: clock) {
                    try await service.gateway.tasks(
                        at: registration.url, since: query.since, incarnation: query.incarnation,
                        term: term, cluster: service.clusterID, wait: query.wait)
                }
                watch.answered(term: term, at: clock.now)
                try await observe(list)
                listed.finish()
                let isStored = await !service.hasUnstored
                watch.observed(list, isStored: isStored)
                if !isStored { try await clock.sleep(for: .seconds(1)) }
            } catch {
                if Task.isCancelled { return }
                let failure = watch.failed(
                    error as? APIError, term: term, at: clock.now, jitter: service.options.jitter())
                await report(Self.explained(error, url: registration.url), failure)
                // Cancelled where the node goes away.
                try? await clock.sleep(for: failure.pause)
            }
        }
    }

    private func observe(_ list: WorkerTaskList) async throws {
        let unknown = try await service.observe(list, from: name)
        if !unknown.isEmpty {
            logger.warning(
                "the worker runs tasks that nobody here knows; they are left alone", metadata: ["tasks": "\(unknown)"])
        }
    }

    /// Tells the service that the worker did not answer, and what follows from that.
    private func report<Instant>(_ error: any Error, _ failure: WorkerContact<Instant>.Failure) async {
        if failure.isFirst { logger.warning("no list from the worker", metadata: ["error": "\(error)"]) }
        await service.complain(of: name, error)
        if failure.isSilent { await silence() }
        guard let term = failure.higherTerm else { return }
        do {
            try await service.observe(term: term, hasAcceptedOurs: failure.hasAcceptedOurs)
        } catch {
            logger.warning("cannot begin a higher term", metadata: ["error": "\(error)"])
        }
    }

    /// Says what to do where the worker does not take the manager's token.
    private static func explained(_ error: any Error, url: String) -> any Error {
        guard var error = error as? APIError, error.reason == .unauthorized || error.reason == .forbidden else {
            return error
        }
        error.message =
            "the worker at \(url) refuses the manager's token; start the worker with --token-file, which names a copy of "
            + "tokens/worker of the manager's data directory"
        return error
    }

    private func silence() async {
        do {
            try await service.silence(name)
        } catch {
            logger.warning("cannot record that the worker is silent", metadata: ["error": "\(error)"])
        }
    }
}

// MARK: - What it must be told

extension NodeDispatcher {
    private func call<C: Clock<Duration>>(clock: C) async {
        var schedule = CallSchedule<C.Instant>(lease: service.options.workerLease)
        while !Task.isCancelled {
            let due = await service.due(on: name)
            switch schedule.next(due: due.calls, at: clock.now) {
            case .make(let calls):
                for (call, outcome) in await perform(calls) {
                    schedule.made(call, outcome, at: clock.now, jitter: service.options.jitter())
                }
            case .wait(let limit):
                await service.waitForWork(on: name, otherThan: due.version, upTo: limit ?? .seconds(3600))
            }
        }
    }

    /// Makes calls, some at a time; one that is no longer due by its turn is left out.
    private func perform(_ calls: [WorkerCall]) async -> [(call: WorkerCall, outcome: CallOutcome)] {
        await withTaskGroup(of: (WorkerCall, CallOutcome)?.self) { group in
            var rest = calls.makeIterator()
            func addNext() {
                guard let planned = rest.next() else { return }
                group.addTask {
                    guard let call = await service.call(for: planned.task, on: name) else { return nil }
                    return (call, await make(call))
                }
            }
            for _ in 0..<Self.concurrency { addNext() }
            var results: [(WorkerCall, CallOutcome)] = []
            for await result in group {
                if let result { results.append(result) }
                if !Task.isCancelled { addNext() }
            }
            return results
        }
    }

    private func make(_ call: WorkerCall) async -> CallOutcome {
        do {
            let answer =
                switch call {
                case .assign(let assignment):
                    try await service.gateway.assign(assignment, at: registration.url)
                case .update(let id, let settings):
                    try await service.gateway.updateSettings(id, settings, at: registration.url)
                case .stop(let id, let placement):
                    try await service.gateway.stop(
                        id, placement: placement, term: await service.term, cluster: service.clusterID,
                        at: registration.url)
                }
            // What the worker knew already, it reports in no list again.
            try await service.observeAnswer(answer, from: name)
            return .done
        } catch {
            logger.warning(
                "the worker did not take a call", metadata: ["task": "\(call.task)", "error": "\(error)"])
            let outcome = CallOutcome(of: call, failedWith: error as? APIError)
            if case .assign(let assignment) = call, case .refuse(let message) = outcome {
                await end(assignment, because: message)
            }
            return outcome
        }
    }

    /// Ends a task that its worker refuses for good.
    private func end(_ assignment: TaskAssignment, because message: String) async {
        do {
            try await service.observeRefusal(
                assignment.id, placement: assignment.placement, on: name, message: message)
        } catch {
            logger.warning(
                "cannot record that the worker refused a task",
                metadata: ["task": "\(assignment.id)", "error": "\(error)"])
        }
    }
}

/// Gives an operation so long, and cancels it then.
///
/// - Throws: `timeout`, or what the operation throws.
private func withDeadline<Answer: Sendable>(
    _ limit: Duration, clock: some Clock<Duration>, _ operation: @escaping @Sendable () async throws -> Answer
) async throws -> Answer {
    try await withThrowingTaskGroup(of: Answer.self) { group in
        group.addTask { try await operation() }
        group.addTask {
            try await clock.sleep(for: limit)
            throw APIError(.timeout, "no answer within \(limit.text)")
        }
        defer { group.cancelAll() }
        // Two were added, so there is a first.
        return try await group.next()!
    }
}
