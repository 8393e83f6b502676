import CubeCore
import CubeTypes
import Logging

/// Health checks: `CheckProgress` decides when to check and what a result means; a `Prober` carries the check out.
extension WorkerService {
    /// Checks a run for as long as it needs checks. Does nothing if the run is being checked already.
    func keepChecking(_ run: RunIdentity) async {
        guard checked.insert(run).inserted else { return }
        defer { checked.remove(run) }
        let age = age(of: run)
        while !Task.isCancelled, table.needsChecks(run) {
            await withDiscardingTaskGroup { group in
                for kind in CheckKind.allCases { group.addTask { await self.keepChecking(run, kind, age) } }
                while !Task.isCancelled, table.needsChecks(run) { await rest(run.task, .seconds(3600)) }
                // The result of a check in progress is no longer needed.
                group.cancelAll()
            }
        }
        await endUnhealthy(run)
    }

    /// Asks a run to end that failed its live check, and retries until the request succeeds.
    private func endUnhealthy(_ run: RunIdentity) async {
        while !Task.isCancelled, let placement = table.placement(of: run), placement.run == run.number,
            placement.desired == .run, case .stop = placement.due
        {
            do {
                return try runtime.stop(run, placement.assignment.definition.stop)
            } catch {
                logger.error("\(run.task): \(error)")
                await rest(run.task, .seconds(1))
            }
        }
    }

    /// Carries out checks of one kind, one after the other, until the task is cancelled.
    private func keepChecking(_ run: RunIdentity, _ kind: CheckKind, _ age: @Sendable () -> Duration) async {
        var progress: CheckProgress?
        while !Task.isCancelled, let placement = table.placement(run.task) {
            guard let check = kind.check(of: placement.assignment.definition.health) else {
                progress = nil
                await rest(run.task, .seconds(3600))
                continue
            }
            var current = progress ?? CheckProgress(check, age: age())
            current.change(to: check, age: age())
            if current.due <= age() {
                let began = age()
                let outcome = await outcome(of: check, kind, of: run, placement.assignment)
                guard !Task.isCancelled else { return }
                if case .impossible(let reason) = outcome { logger.debug("\(run.task): cannot check it: \(reason)") }
                if let finding = current.record(outcome, began: began, ended: age()) {
                    take(finding, of: kind, for: run)
                }
            } else {
                await rest(run.task, current.due - age())
            }
            progress = current
        }
    }

    /// Carries out a check. A command waits for its turn, and its timeout begins when it starts.
    private func outcome(
        of check: HealthCheck, _ kind: CheckKind, of run: RunIdentity, _ assignment: TaskAssignment
    ) async -> CheckOutcome {
        guard !check.command.isEmpty else { return await prober.probe(run, kind, of: assignment, by: check) }
        return await turns.pass(.check) { await prober.probe(run, kind, of: assignment, by: check) }
    }

    private func take(_ finding: CheckFinding, of kind: CheckKind, for run: RunIdentity) {
        do {
            try carryOut(table.checked(run, kind, finding))
        } catch {
            // The next check repeats the finding.
            logger.error("\(run.task): \(error)")
        }
    }

    /// Returns a function that measures the age of a run, even if an earlier worker started the run.
    private func age(of run: RunIdentity) -> @Sendable () -> Duration {
        let past = table.placement(run.task)?.startedAt.map { now().since($0) } ?? .zero
        let since = Self.stopwatch(clock)
        return { past + since() }
    }

    private static func stopwatch(_ clock: some Clock<Duration>) -> @Sendable () -> Duration {
        let start = clock.now
        return { start.duration(to: clock.now) }
    }
}
