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
        for record in try store.tasks().compactMap(record(found:)) {
            try carryOut([.publish(record)])
            guard case .placement(let value) = record else { continue }
            switch value.due {
            case .start(let number, let boot), .abandon(let number, let boot), .watch(let number, let boot),
                .stop(let number, let boot):
                let run = value.identity(ofRun: number, boot: boot)
                do {
                    if !unreachable.contains(run.runtime), let state = try await runtime.find(run) {
                        try apply(state, to: run)
                    }
                } catch let error as EngineError {
                    unreachable.insert(run.runtime)
                    logger.error("\(record.id): \(error)")
                } catch {
                    // The supervision of the task tries again; other tasks must not wait for that.
                    logger.error("\(record.id): \(error)")
                }
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

    /// Carries out the steps that a task requires, one after the other, until it has ended, then removes its secrets.
    /// Secrets are removed on every call because an earlier worker may have been killed before it removed them.
    func supervise(_ id: TaskID) async {
        guard supervised.insert(id).inserted else { return }
        defer { supervised.remove(id) }
        var failures = 0
        while !Task.isCancelled, let placement = table.placement(id), placement.due != .nothing {
            do {
                try await carryOut(placement)
                failures = 0
            } catch is CancellationError {
                return
            } catch {
                logger.error("\(id): \(error)")
                if LocalFiles.isFullDisk(error) { makeRoom() }
                do {
                    try carryOut(table.delayed(id, message: "\(error)"))
                } catch {
                    logger.error("\(id): \(error)")
                }
                failures += 1
                await rest(id, Self.backoff.step(after: failures))
            }
        }
        await clearSecrets(of: id)
    }

    private func carryOut(_ placement: SupervisedPlacement) async throws {
        switch placement.due {
        case .start(let number, let boot):
            let run = placement.identity(ofRun: number, boot: boot)
            let state: RunState
            do {
                state = try await launch(run, of: placement.assignment)
            } catch let missing as MissingImage {
                // Not within the limit of launches, because a pull may take long.
                try carryOut(table.delayed(run.task, message: "pulling image \(missing.image)"))
                let isPulled = try await race {
                    try await self.runtime.pull(missing.image)
                    return true
                } until: {
                    await self.untilChanged(placement.due, of: run.task)
                }
                // A stop makes something else due.
                guard isPulled == true else { return }
                state = try await launch(run, of: placement.assignment)
            }
            try apply(state, to: run)
        case .abandon(let number, let boot):
            let run = placement.identity(ofRun: number, boot: boot)
            try apply(try await runtime.abandon(run), to: run)
        case .watch(let number, let boot):
            let run = placement.identity(ofRun: number, boot: boot)
            if let end = try await end(of: run, within: placement.probation(at: now())) {
                try apply(.ended(end), to: run)
            } else {
                try carryOut(table.recovered(run, now: now()))
            }
        case .stop(let number, let boot):
            let run = placement.identity(ofRun: number, boot: boot)
            try runtime.stop(run, placement.assignment.definition.stop)
            try apply(.ended(try await runtime.end(of: run)), to: run)
        case .wait(let until):
            await rest(placement.assignment.id, until.remaining(at: now()))
            if !Task.isCancelled { try carryOut(table.waitOver(placement, boot: runtime.boot)) }
        case .nothing: break
        }
    }

    /// Waits until something else is due for a task.
    private func untilChanged(_ due: SupervisedPlacement.Due, of id: TaskID) async {
        while !Task.isCancelled, table.placement(id)?.due == due { await rest(id, .seconds(3600)) }
    }

    /// Starts a run, together with a limited number of others.
    private func launch(_ run: RunIdentity, of assignment: TaskAssignment) async throws -> RunState {
        try await launches.pass {
            // The launch may have waited for a long time.
            try Task.checkCancellation()
            return try await runtime.start(run, of: assignment)
        }
    }

    /// Waits for the end of a run.
    ///
    /// - Returns: `nil` if the limit passed first. A run that ends at that moment is found by the next call.
    private func end(of run: RunIdentity, within limit: Duration?) async throws -> RunEnd? {
        guard let limit else { return try await runtime.end(of: run) }
        return try await clock.within(limit) { [runtime] in try await runtime.end(of: run) }
    }

    /// Waits for a time, or until the task changes.
    func rest(_ id: TaskID, _ time: Duration) async { await wait(for: .task(id), atMost: time) }

    /// Waits for a change, but no longer than `limit`.
    func wait(for topic: Topic, atMost limit: Duration) async {
        let listener = bells.listen(to: topic)
        await listener.bell.wait(atMost: limit, on: clock)
        bells.leave(listener)
    }

    private func apply(_ state: RunState, to run: RunIdentity) throws {
        guard table.placement(of: run) != nil else { return }
        var output: String?
        if case .ended = state {
            output = try TaskLog(directory: store.logs(of: run.task)).last(lines: 20, bytes: 4096)
        }
        try carryOut(table.observed(state, of: run, output: output, now: now(), jitter: random.fraction()))
    }
}
