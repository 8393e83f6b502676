import CubeCore
import Logging
import Synchronization

extension ContainerRuntime {
    /// Measures the containers. Those that the engine does not measure are left out.
    func usage(of runs: [RunIdentity]) async -> [RunIdentity: RunUsage] {
        let statistics = await statistics(of: runs)
        // Without the memory of the machine, every limit counts.
        let memory = (try? Machine.memory().total) ?? .max
        let table = ProcessTable.read()
        let known = live.withLock { $0 }
        return Dictionary(
            uniqueKeysWithValues: statistics.map { run, statistics in
                var usage = statistics.usage(machineMemory: memory)
                // The engine counts threads. Where its processes are visible, they can be counted.
                if let process = known[run]?.status.process, table.entries[process] != nil {
                    usage.processes = 1 + table.descendants(of: process).count
                }
                return (run, usage)
            })
    }

    /// How many containers are measured at once, and how long one measurement may take.
    private static let (measurements, measuringTime) = (16, Duration.seconds(5))

    private typealias Measurement = (run: RunIdentity, result: Result<EngineStatistics?, any Error>)

    private func measure(_ run: RunIdentity) async -> Measurement {
        do {
            return (
                run,
                .success(try await engine.statistics(of: ContainerSpec.name(of: run), within: Self.measuringTime))
            )
        } catch {
            return (run, .failure(error))
        }
    }

    /// Asks the engine for the statistics of containers. If it does not respond, it is not asked any more.
    private func statistics(of runs: [RunIdentity]) async -> [RunIdentity: EngineStatistics] {
        await withTaskGroup(of: Measurement.self) { group in
            var waiting = runs[...]
            for _ in 0..<Self.measurements {
                if let run = waiting.popFirst() { group.addTask { await self.measure(run) } }
            }
            var found: [RunIdentity: EngineStatistics] = [:]
            for await (run, result) in group {
                switch result {
                case .success(let statistics):
                    found[run] = statistics
                    if let next = waiting.popFirst() { group.addTask { await self.measure(next) } }
                case .failure(let error):
                    if case EngineError.refused = error {
                        if let next = waiting.popFirst() { group.addTask { await self.measure(next) } }
                    } else {
                        waiting = []
                    }
                    logger.debug("cannot measure \(run.task): \(error)")
                }
            }
            return found
        }
    }
}
