import CubeOrchestratorClient
import Glibc

/// The service that this program started, and the streams about it. Each stream ends with the service.
struct Session {
    let cube: OrchestratorClient
    /// The service, which writes consecutive numbers from 1, one per line.
    let service: TaskStatus
    /// The revision before the service was scheduled.
    private let start: Int
    private let record = Record()

    init(cube: OrchestratorClient) async throws {
        self.cube = cube
        start = try await cube.manager.clusterStatus().revision
        service = try await cube.schedule(
            TaskDefinition(
                name: "count",
                command: ["sh", "-c", "i=0; while :; do i=$((i + 1)); echo $i; sleep 0.05; done"]))
    }

    /// - Returns: everything that was missing, duplicated or out of order.
    func follow(until isInterrupted: @Sendable @escaping () -> Bool) async throws -> [String] {
        do { try await followAll(until: isInterrupted) } catch {
            // The first error is the one to report.
            _ = try? await cube.stop(service.id, within: .seconds(60))
            throw error
        }
        print(await record.summary)
        return await record.faults(besides: try await history())
    }

    private func followAll(until isInterrupted: @Sendable @escaping () -> Bool) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for try await line in cube.logs(of: service.id, follow: true).lines { await record.line(line) }
            }
            group.addTask {
                for try await event in cube.events(since: start) {
                    await record.event(event)
                    if event.task == service.id, ends.contains(event.kind) { return }
                }
            }
            group.addTask {
                for try await event in cube.watch() {
                    await record.watched(event)
                    if await record.hasEnded(service.id) { return }
                }
            }
            group.addTask {
                while !isInterrupted() { try await work() }
                try await cube.stop(service.id, within: .seconds(60))
            }
            try await group.waitForAll()
        }
    }

    private var ends: [EventKind] { [.taskStopped, .taskFailed, .taskCompleted] }

    /// Runs a job to completion. It is scheduled once, even if a response is lost.
    private func work() async throws {
        let job = TaskDefinition(
            name: "tick", kind: .job, command: ["sh", "-c", "sleep 0.2"])
        let task = try await cube.run(job, within: .seconds(60))
        await record.ran(task.id)
        print("job \(await record.jobs.count) completed")
        // Flushed, so that the line appears immediately, even in a file.
        fflush(nil)
    }

    /// Returns the events between the start and the end of the service that the manager still keeps.
    private func history() async throws -> [TaskEvent] {
        var events: [TaskEvent] = []
        var since = 0
        while true {
            let list = try await cube.manager.events(since: since)
            events += list.events
            guard !list.events.isEmpty else { break }
            since = list.revision
        }
        guard let end = events.lastIndex(where: { $0.task == service.id }) else { return [] }
        return events[...end].filter { $0.revision > start }
    }
}
