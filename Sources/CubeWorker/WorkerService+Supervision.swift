import CubeCore
import CubeErrors
import CubeSystem
import CubeTypes
import Logging
import SystemPackage

/// Carrying out the next step that each placement requires.
extension WorkerService {
    /// Finds out what happened to each task while no worker was running, before the worker answers any call.
    func adopt() async throws {
        // An engine that does not respond is asked once, not once for each of its containers.
        var unreachable: Set<RuntimeKind> = []
        let records = try store.tasks().compactMap(record(found:))
        let inContainers = records.compactMap { record in
            if case .placement(let value) = record, value.assignment.definition.runtime == .docker {
                record.id
            } else {
                nil
            }
        }
        LeftCommands.kill(of: Set(inContainers))
        for record in records {
            try carryOut([.publish(record)])
            guard case .placement(let value) = record else { continue }
            switch value.due {
            case .start(let number, let boot), .abandon(let number, let boot), .watch(let number, let boot),
                .stop(let number, let boot):
                let run = value.identity(ofRun: number, boot: boot)
                do {
                    if !unreachable.contains(run.runtime), let state = try await runtime.find(run) {
                        try apply(state, to: run)
                        if case .running = state {
                            leased.insert(run)
                            lease(runOf: run.task)
                        }
                    }
                } catch let error as EngineError {
                    unreachable.insert(run.runtime)
                    logger.error("\(record.id): \(error)")
                } catch {
                    // The supervision of the task tries again; other tasks must not wait for that.
                    logger.error("\(record.id): \(error)")
                }
                // What an engine is running that cannot be asked may be alive, so it keeps its lease.
                if unreachable.contains(run.runtime), value.liveRun == run { leased.insert(run) }
            case .wait, .nothing: break
            }
            attend.yield(.task(record.id))
        }
    }

    /// Returns the record of a task that has a directory, rebuilding a missing record from its copy; `nil` if the task
    /// was never recorded, or if only its run is known.
    private func record(found id: TaskID) throws -> WorkerRecord? {
        switch try store.recover(id) {
        case .record(let record): return record
        case .rebuilt(let record):
            logger.warning("\(id): the task's record was missing and was rebuilt from the copy in its last run")
            return record
        case .unrecorded(let trace):
            let process = trace.supervisor.map { "is still running (supervisor \($0.id))" } ?? "has ended"
            logger.error("\(id): the task's record is missing; its run at \(trace.directory.path) \(process)")
            return nil
        case .neverStarted:
            try store.remove(id)
            return nil
        }
    }

    /// Removes the secrets of a task that has ended.
    @inline(never)
    private func clearSecrets(of id: TaskID) async {
        guard let placement = table.placement(id), placement.endedAt != nil else { return }
        do {
            try await runtime.removeSecrets(of: placement.assignment)
        } catch is CancellationError {
            // The next worker removes them.
        } catch {
            logger.error("\(id): cannot remove the secrets of the ended task: \(error)")
        }
    }

    /// Frees disk space by removing the working directories of ended tasks early. Their output and records stay.
    func makeRoom() {
        for record in table.acknowledgedEnds {
            do {
                guard try store.removeWork(of: record.id) else { continue }
                logger.warning(
                    "\(record.id): the disk is full, so the working directory of this ended task was removed")
            } catch {
                logger.error("\(record.id): cannot remove the working directory of the ended task: \(error)")
            }
        }
    }

    /// The pauses between attempts to carry out the steps of a task.
    private static let backoff = Backoff(first: .seconds(1), longest: .seconds(16))

    /// Carries out the step that a task requires, and then lets another task carry out the next one: a Swift task keeps the memory of
    /// its deepest call until it ends, and the step that waits for the end of a run may last for years. Once the task has ended,
    /// removes its secrets; an earlier worker may have been killed before it removed them.
    ///
    /// What is called here and has large values is never inlined, because they would take up memory during all waits of the caller.
    func supervise(_ id: TaskID) async {
        guard supervised.insert(id).inserted else { return }
        defer { supervised.remove(id) }
        var failures = 0
        while !Task.isCancelled, isDue(id) {
            do {
                try await carryOutStep(of: id)
                guard isDue(id) else { break }
                attend.yield(.task(id))
                return
            } catch is CancellationError {
                return
            } catch {
                failed(id, error)
                failures += 1
                await rest(id, Self.backoff.step(after: failures))
            }
        }
        await clearSecrets(of: id)
        // A new placement may have arrived meanwhile.
        if isDue(id) { attend.yield(.task(id)) }
    }

    @inline(never)
    private func isDue(_ id: TaskID) -> Bool { table.placement(id).map { $0.due != .nothing } ?? false }

    @inline(never)
    private func failed(_ id: TaskID, _ error: any Error) {
        logger.error("\(id): \(error)")
        if LocalFiles.isFullDisk(error) { makeRoom() }
        do { try carryOut(table.delayed(id, message: "\(error)")) } catch { logger.error("\(id): \(error)") }
    }

    /// Carries out the step that a task requires. What waits for the end of a run keeps nothing but the run in memory.
    @inline(never)
    private func carryOutStep(of id: TaskID) async throws {
        if let watch = watch(of: id) { try await carryOut(watch) } else { try await carryOutAction(of: id) }
    }

    /// The wait for the end of a run.
    private struct Watch {
        var run: RunIdentity
        /// The time after which the run counts as recovered; `nil` if it does already.
        var probation: Duration?
    }

    @inline(never)
    private func watch(of id: TaskID) -> Watch? {
        guard let placement = table.placement(id), case .watch(let number, let boot) = placement.due else { return nil }
        return Watch(
            run: placement.identity(ofRun: number, boot: boot), probation: placement.probation(at: now()))
    }

    @inline(never)
    private func carryOut(_ watch: Watch) async throws {
        if let end = try await end(of: watch.run, within: watch.probation) {
            try apply(.ended(end), to: watch.run)
        } else {
            try carryOut(table.recovered(watch.run, now: now()))
        }
    }

    @inline(never)
    private func carryOutAction(of id: TaskID) async throws {
        guard let placement = table.placement(id) else { return }
        switch placement.due {
        case .start(let number, let boot):
            let run = placement.identity(ofRun: number, boot: boot)
            switch table.network(of: placement) {
            case .own: break
            case .shared(let holder): try carryOut(table.sharing(holder, by: run.task))
            case .wait(let reason):
                try carryOut(table.delayed(run.task, message: reason))
                return await wait(for: .tasks, atMost: .seconds(3600))
            }
            guard try await requireLease(run, of: placement) else { return }
            do {
                try apply(try await launch(run, of: placement.assignment, isPulled: false), to: run)
            } catch let required as PullRequired {
                try await pullAndLaunch(run, of: placement, required)
            }
        case .abandon(let number, let boot):
            let run = placement.identity(ofRun: number, boot: boot)
            try apply(try await runtime.abandon(run), to: run)
        case .stop(let number, let boot):
            let run = placement.identity(ofRun: number, boot: boot)
            try runtime.stop(run, placement.assignment.definition.stop)
            try apply(.ended(try await end(of: run)), to: run)
        case .wait(let until):
            await rest(placement.assignment.id, until.remaining(at: now()))
            if !Task.isCancelled { try carryOut(table.waitOver(placement, boot: runtime.boot)) }
        case .watch, .nothing: break
        }
    }

    /// Ends a placement of an exclusive task whose run must not start, because the lease has had a gap since it was assigned. A run that
    /// an earlier process of the worker started is left to its own lease.
    ///
    /// - Returns: whether the run may start.
    private func requireLease(_ run: RunIdentity, of placement: SupervisedPlacement) async throws -> Bool {
        guard placement.assignment.definition.exclusive else { return true }
        if let state = try await runtime.find(run) {
            try apply(state, to: run)
            return false
        }
        guard try !mayStart(run, of: placement.assignment) else { return true }
        let state = try await runtime.abandon(run)
        if case .ended(.neverStarted) = state {
            try apply(.ended(.leaseLost), to: run)
        } else {
            // A supervisor was starting at this moment.
            try apply(state, to: run)
        }
        return false
    }

    /// Pulls the image of a task, outside of the limit of launches, because a pull may take long. Then starts the run, unless
    /// something else has become due, such as a stop.
    private func pullAndLaunch(
        _ run: RunIdentity, of placement: SupervisedPlacement, _ required: PullRequired
    ) async throws {
        let definition = placement.assignment.definition
        var failure: (any Error)?
        do {
            let isPulled = try await race {
                try await self.runtime.pull(for: definition)
                return true
            } until: {
                await self.reportPull(of: required.image, untilChanged: placement.due, of: run.task)
            }
            guard isPulled == true else { return }
        } catch let refusal as StartRefusal {
            return try apply(.ended(.startFailed(refusal.description)), to: run)
        } catch  where required.isRefresh && !(error is CancellationError) {
            failure = error
            let reason = (error as? APIError)?.message ?? "\(error)"
            logger.warning("\(run.task): \(reason); the image of this node is used if there is one")
            try carryOut(
                table.pullFailed(run, message: "\(reason); the task was started with the image that its node has"))
        }
        do {
            try apply(try await launch(run, of: placement.assignment, isPulled: true), to: run)
        } catch let unmet as PullRequired {
            throw failure ?? unmet
        }
    }

    /// Shows how far a pull is, until something else is due for the task.
    private func reportPull(of image: String, untilChanged due: SupervisedPlacement.Due, of id: TaskID) async {
        var last: String?
        while !Task.isCancelled, table.placement(id)?.due == due {
            let text = "pulling \(image)" + (runtime.pullProgress(of: image).map { ": \($0)" } ?? "")
            if text != last {
                // A report that is lost is followed by the next one, or by the start.
                do { try carryOut(table.delayed(id, message: text)) } catch { logger.debug("\(id): \(error)") }
                last = text
            }
            // Another change of the task ends the pause early.
            await rest(id, Self.pullReports)
        }
    }

    /// The time between two reports of the progress of a pull.
    private static let pullReports = Duration.seconds(2)

    /// Starts a run, together with a limited number of others.
    private func launch(
        _ run: RunIdentity, of assignment: TaskAssignment, isPulled: Bool
    ) async throws -> RunState {
        try await turns.pass(.start) {
            // The launch may have waited for a long time.
            try Task.checkCancellation()
            return try await runtime.start(
                run, of: assignment, isPulled: isPulled, networkOf: table.placement(run.task)?.networkHolder)
        }
    }

    /// Waits for the end of a run.
    ///
    /// - Returns: `nil` if the limit passed first. A run that ends at that moment is found by the next call.
    private func end(of run: RunIdentity, within limit: Duration?) async throws -> RunEnd? {
        guard let limit else { return try await end(of: run) }
        return try await clock.within(limit) { try await self.end(of: run) }
    }

    /// Waits for the end of a run. Reports what the runtime finds out about it meanwhile.
    private func end(of run: RunIdentity) async throws -> RunEnd {
        try await runtime.end(of: run) { await self.note($0, of: run) }
    }

    @inline(never)
    private func note(_ details: RunDetails, of run: RunIdentity) {
        do { try carryOut(table.detailed(run, details)) } catch { logger.error("\(run.task): \(error)") }
    }

    /// Waits for a time, or until the task changes.
    func rest(_ id: TaskID, _ time: Duration) async { await wait(for: .task(id), atMost: time) }

    /// Waits for a change, but no longer than `limit`.
    func wait(for topic: Topic, atMost limit: Duration) async {
        let listener = bells.listen(to: topic)
        await listener.bell.wait(atMost: limit, on: clock)
        bells.leave(listener)
    }

    @inline(never)
    private func apply(_ state: RunState, to run: RunIdentity) throws {
        guard table.placement(of: run) != nil else { return }
        var output: String?
        if case .ended = state {
            leased.remove(run)
            output = try TaskLog(directory: store.logs(of: run.task)).last(lines: 20, bytes: 4096)
        }
        try carryOut(table.observed(state, of: run, output: output, now: now(), jitter: random.fraction()))
        // The task may have become exclusive, or its lease may have been renewed, while the run was being started.
        if case .running = state { lease(runOf: run.task) }
    }
}
