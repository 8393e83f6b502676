import CubeCore
import CubeErrors
import CubeSystem
import CubeTypes
import Logging

/// Handles one registration of a worker: watches the worker's task reports and makes the calls that are due.
///
/// Which calls are due depends only on the stored state, which includes the worker's last report. A call that failed,
/// or whose answer was lost, is therefore repeated; a call that succeeded shows in the next report.
struct NodeDispatcher: Sendable {
    /// One registration of a node. A new address or a restart of the worker creates a new registration.
    struct Registration: Hashable, Sendable {
        var name: NodeName
        var url: String
        /// The revision at which the node registered.
        var revision: Int

        init(_ node: NodeRecord) {
            name = node.worker.name
            url = node.worker.url
            revision = node.registeredRevision
        }
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
    private var gateway: any WorkerGateway { service.gateway.verifying(name) }

    /// The maximum number of concurrent calls.
    private static let concurrency = 8

    func run() async {
        let (listed, continuation) = AsyncStream.makeStream(of: Void.self)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await watch(clock: service.clock, listed: continuation) }
            group.addTask {
                // Read the worker's task list first: calls that an outdated report makes due may not be needed.
                for await _ in listed {}
                await call(clock: service.clock)
            }
            await service.waitWhile(registered: registration)
            group.cancelAll()
        }
    }
}

// MARK: - Reports from the worker

extension NodeDispatcher {
    /// Lists the worker's tasks, then asks for changes, until cancelled.
    private func watch<C: Clock<Duration>>(clock: C, listed: AsyncStream<Void>.Continuation) async {
        var watch = WorkerContact(lease: service.options.workerLease, at: clock.now)
        while !Task.isCancelled {
            let term = await service.term
            do {
                let query = watch.query(at: clock.now, hasExclusive: await service.hasExclusiveTasks(on: name))
                let list = try await withDeadline(query.limit, clock: clock) {
                    try await gateway.tasks(
                        at: registration.url, since: query.since, incarnation: query.incarnation,
                        term: term, cluster: service.clusterID, wait: query.wait,
                        renewing: LeaseRenewal(receipt: query.receipt, length: service.options.workerLease))
                }
                watch.answered(term: term, receipt: list.receipt, at: clock.now)
                await service.note(receipt: list.receipt, of: name)
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
                // The sleep only throws on cancellation, when the registration ends.
                try? await clock.sleep(for: failure.pause)
            }
        }
    }

    private func observe(_ list: WorkerTaskList) async throws {
        let unknown = try await service.observe(list, from: name)
        if !unknown.isEmpty {
            logger.warning(
                "the worker runs tasks that this manager does not know; it leaves them alone",
                metadata: ["tasks": "\(unknown)"])
        }
    }

    /// Records that the worker did not answer, and acts on the consequences.
    private func report<Instant>(_ error: any Error, _ failure: WorkerContact<Instant>.Failure) async {
        if failure.isFirst { logger.warning("cannot list the worker's tasks", metadata: ["error": "\(error)"]) }
        await service.complain(of: name, error)
        if failure.isOverdue { await record("overdue") { try await service.doubt(name) } }
        if failure.isSilent { await record("silent") { try await service.silence(name) } }
        guard let term = failure.higherTerm else { return }
        do {
            try await service.observe(term: term, hasAcceptedOurs: failure.hasAcceptedOurs)
        } catch {
            logger.warning("cannot start a higher term", metadata: ["error": "\(error)"])
        }
    }

    /// Adds a hint to the error if the worker rejects the manager's token.
    private static func explained(_ error: any Error, url: String) -> any Error {
        // An error about a certificate explains itself.
        guard var error = error as? APIError, error.reason == .unauthorized || error.reason == .forbidden,
            error.details?["certificate"] == nil
        else { return error }
        error.message =
            "the worker at \(url) rejects the manager's token; start the worker with --token-file FILE, where "
            + "FILE is a copy of tokens/worker of the manager's data directory"
        return error
    }

    private func record(_ condition: String, _ write: () async throws -> Void) async {
        do {
            try await write()
        } catch {
            logger.warning("cannot record that the worker is \(condition)", metadata: ["error": "\(error)"])
        }
    }
}

// MARK: - Calls to the worker

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

    /// Makes the calls in groups, with limited concurrency. Skips a call that is no longer due when its turn comes.
    private func perform(_ calls: [WorkerCall]) async -> [(call: WorkerCall, outcome: CallOutcome)] {
        await withTaskGroup(of: [(WorkerCall, CallOutcome)].self) { group in
            var rest = WorkerCall.groups(of: calls).makeIterator()
            func addNext() {
                guard let planned = rest.next() else { return }
                group.addTask { await make(service.calls(for: planned.map(\.subject), on: name)) }
            }
            for _ in 0..<Self.concurrency { addNext() }
            var results: [(WorkerCall, CallOutcome)] = []
            for await made in group {
                results += made
                if !Task.isCancelled { addNext() }
            }
            return results
        }
    }

    /// Makes the calls of a group.
    private func make(_ calls: [WorkerCall]) async -> [(WorkerCall, CallOutcome)] {
        guard let first = calls.first else { return [] }
        if case .removeVolume(let key) = first { return [(first, await remove(key))] }
        var answers = await answers(to: calls)
        do {
            // The worker's lists do not repeat a state that the worker already had before the call.
            try await service.observeAnswers(answers.compactMap(\.value), from: name)
        } catch {
            answers = answers.map { $0.flatMap { _ in .failure(error) } }
        }
        var outcomes: [(WorkerCall, CallOutcome)] = []
        for (call, answer) in zip(calls, answers) {
            switch answer {
            case .success: outcomes.append((call, .done))
            case .failure(let error): outcomes.append((call, await failed(call, error)))
            }
        }
        return outcomes
    }

    /// Calls the worker about tasks.
    ///
    /// - Returns: one answer for each call, in the same order.
    private func answers(to calls: [WorkerCall]) async -> [Result<WorkerTask, any Error>] {
        let receipt = await service.receipts[name]
        let operations = calls.compactMap(\.operation).map { $0.with(receipt: receipt) }
        let batch = WorkerBatch(cluster: service.clusterID, term: await service.term, operations: operations)
        do {
            // A call that is alone says more precisely what is wrong with it.
            let results =
                operations.count == 1
                ? try await gateway.carryOutSeparately(batch, at: registration.url) : try await results(of: batch)
            return try batch.answers(in: results)
        } catch {
            return calls.map { _ in .failure(error) }
        }
    }

    private func results(of batch: WorkerBatch) async throws -> [WorkerResult] {
        do {
            return try await gateway.carryOut(batch, at: registration.url)
        } catch let error as APIError where batch.mustBeSeparated(after: error) {
            return try await gateway.carryOutSeparately(batch, at: registration.url)
        }
    }

    private func remove(_ key: VolumeKey) async -> CallOutcome {
        do {
            try await gateway.removeVolume(
                key.name, of: key.owner, term: await service.term, cluster: service.clusterID, at: registration.url)
            try await service.observeRemoved(key, on: name)
            return .done
        } catch {
            await service.complain(of: key, error)
            return await failed(.removeVolume(key), error)
        }
    }

    private func failed(_ call: WorkerCall, _ error: any Error) async -> CallOutcome {
        logger.warning("a call to the worker failed", metadata: ["subject": "\(call.subject)", "error": "\(error)"])
        let outcome = CallOutcome(of: call, failedWith: error as? APIError)
        if case .assign(let assignment) = call, case .refuse(let message) = outcome {
            await end(assignment, because: message)
        }
        return outcome
    }

    /// Ends a task that its worker refuses permanently.
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

/// Runs an operation and cancels it after `limit`.
///
/// - Throws: `timeout`, or the error of the operation.
private func withDeadline<Answer: Sendable>(
    _ limit: Duration, clock: some Clock<Duration>, _ operation: @escaping @Sendable () async throws -> Answer
) async throws -> Answer {
    guard let answer = try await clock.within(limit, operation) else {
        throw APIError(.timeout, "no response within \(limit.text)")
    }
    return answer
}

extension Result {
    /// The value of a success.
    fileprivate var value: Success? {
        if case .success(let value) = self { value } else { nil }
    }
}
