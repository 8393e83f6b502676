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
    /// Asks the worker for its tasks, then for what changed, again and again. The answers are its sign of life.
    private func watch<C: Clock<Duration>>(clock: C, listed: AsyncStream<Void>.Continuation) async {
        let lease = service.options.workerLease
        var known: (incarnation: String, sequence: Int)?
        var deadline = clock.now.advanced(by: lease)
        var backoff = DispatchBackoff()
        var acceptedTerm: Int?
        while !Task.isCancelled {
            let term = await service.term
            do {
                // After a failure it asks for an answer at once: one that may wait would take all the time that is left.
                let wait = known == nil || backoff.failures > 0 ? .zero : lease / 3
                let remaining = max(clock.now.duration(to: deadline), lease / 3)
                let list = try await withDeadline(remaining, clock: clock) { [known] in
                    try await service.gateway.tasks(
                        at: registration.url, since: known?.sequence, incarnation: known?.incarnation,
                        term: term, cluster: service.clusterID, wait: wait)
                }
                acceptedTerm = term
                deadline = clock.now.advanced(by: lease)
                let unknown = try await service.observe(list, from: name)
                if !unknown.isEmpty {
                    logger.warning(
                        "the worker runs tasks that nobody here knows; they are left alone",
                        metadata: ["tasks": "\(unknown)"])
                }
                backoff = DispatchBackoff()
                listed.finish()
                if await service.hasUnstored {
                    // The worker keeps what it reported, and reports it again, until that is stored.
                    try await clock.sleep(for: .seconds(1))
                } else {
                    known = (list.incarnation, list.sequence)
                }
            } catch {
                if Task.isCancelled { return }
                let error = Self.explained(error, url: registration.url)
                if backoff.failures == 0 { logger.warning("no list from the worker", metadata: ["error": "\(error)"]) }
                await service.complain(of: name, error)
                if clock.now >= deadline { await silence() }
                await observe(error, hasAcceptedOurs: acceptedTerm == term)
                // Cancelled where the node goes away.
                try? await clock.sleep(for: backoff.fail(jitter: service.options.jitter()))
            }
        }
    }

    /// Takes in which term a worker has seen, where that is why it refused.
    private func observe(_ error: any Error, hasAcceptedOurs: Bool) async {
        guard let error = error as? APIError, error.reason == .staleTerm,
            let term = error.details?["term"].flatMap({ Int($0) })
        else { return }
        do {
            try await service.observe(term: term, hasAcceptedOurs: hasAcceptedOurs)
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
    /// A call that was made, and when it is made again if it is then still due.
    private struct Attempt<Instant: InstantProtocol> {
        var call: WorkerCall
        var backoff: DispatchBackoff
        var again: Instant
    }

    private func call<C: Clock<Duration>>(clock: C) async {
        var attempts: [TaskID: Attempt<C.Instant>] = [:]
        while !Task.isCancelled {
            let due = await service.due(on: name)
            let isDue = Set(due.tasks)
            attempts = attempts.filter { isDue.contains($0.key) }
            let ready = await service.calls(for: due.tasks, on: name).filter { call in
                guard let attempt = attempts[call.task] else { return true }
                return attempt.call != call || attempt.again <= clock.now
            }
            guard !ready.isEmpty else {
                let next = attempts.values.map(\.again).min().map { clock.now.duration(to: $0) }
                await service.waitForWork(on: name, otherThan: due.version, upTo: next ?? .seconds(3600))
                continue
            }
            for (call, isDone) in await perform(ready) {
                let last = attempts[call.task]
                var attempt = Attempt(
                    call: call, backoff: last?.call == call ? last?.backoff ?? DispatchBackoff() : DispatchBackoff(),
                    again: clock.now)
                // One that succeeded shows in the next report, and is not due then.
                let wait =
                    isDone ? service.options.workerLease : attempt.backoff.fail(jitter: service.options.jitter())
                attempt.again = clock.now.advanced(by: wait)
                attempts[call.task] = attempt
            }
        }
    }

    /// Makes calls, some at a time; one that is no longer due by its turn is left out.
    private func perform(_ calls: [WorkerCall]) async -> [(call: WorkerCall, isDone: Bool)] {
        await withTaskGroup(of: (WorkerCall, Bool)?.self) { group in
            var rest = calls.makeIterator()
            func addNext() {
                guard let planned = rest.next() else { return }
                group.addTask {
                    guard let call = await service.calls(for: [planned.task], on: name).first else { return nil }
                    return (call, await make(call))
                }
            }
            for _ in 0..<Self.concurrency { addNext() }
            var results: [(WorkerCall, Bool)] = []
            for await result in group {
                if let result { results.append(result) }
                if !Task.isCancelled { addNext() }
            }
            return results
        }
    }

    /// - Returns: Whether the worker took it.
    private func make(_ call: WorkerCall) async -> Bool {
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
            return true
        } catch {
            logger.warning(
                "the worker did not take a call", metadata: ["task": "\(call.task)", "error": "\(error)"])
            if case .assign(let assignment) = call, let error = error as? APIError {
                await refuse(assignment, because: error)
            }
            return false
        }
    }

    /// Ends a task that its worker finds wrong in itself; any other error may pass.
    private func refuse(_ assignment: TaskAssignment, because error: APIError) async {
        guard error.reason == .validationFailed || error.reason == .bodyTooLarge else { return }
        do {
            try await service.observeRefusal(
                assignment.id, placement: assignment.placement, on: name, message: error.message)
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
