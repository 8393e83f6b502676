import CubeErrors
import CubeOrchestratorClient
import CubeReconciler
import CubeSystem
import CubeTypes
import SystemPackage

/// Stops the tasks of an owner for a person, and records each stop in the journal of the data directory, as a reconciler does.
struct StopJournal {
    let owner: OwnerName
    let client: OrchestratorClient
    let data: DataDirectory
    /// The command that stops them, such as `cube down`.
    let command: String

    /// - Returns: how many tasks were stopped.
    /// - Throws: an `APIError`, whose detail `tasks` names the tasks that did not end in time.
    func stopAll(within timeout: Duration) async throws -> Int {
        let tasks = try await client.manager.tasks(owner: owner).tasks.filter {
            !$0.state.hasEnded && $0.desired != .stop
        }
        guard !tasks.isEmpty, data.path.exists else { return try await client.stopAll(within: timeout) }
        let journal = Journal(directory: data.path, files: LocalFileSystem(), logger: CommandLog.quiet)
        async let writing: Void = journal.run()
        journal.record(tasks.map { entry(.intent, $0) })
        let result: Result<Int, any Error>
        do {
            result = .success(try await client.stopAll(within: timeout))
        } catch {
            result = .failure(error)
        }
        journal.record(tasks.map { entry(.outcome, $0, result: result.outcome) })
        journal.finish()
        await writing
        return try result.get()
    }

    private func entry(_ event: JournalEntry.Event, _ task: TaskStatus, result: String? = nil) -> JournalEntry {
        JournalEntry(
            at: .now, event: event, verb: "stop", name: task.name, ordinal: task.ordinal, id: task.id, rule: "down",
            reason: "\(command) stops all tasks of owner \(owner)", result: result)
    }
}

extension Result where Failure == any Error {
    /// The outcome of the stops, as the journal says it. Those that were accepted and had no end in time were carried out.
    fileprivate var outcome: String {
        switch self {
        case .success: "ok"
        case .failure(let error as APIError): error.details?["tasks"] == nil ? error.reason.rawValue : "ok"
        case .failure: "cancelled"
        }
    }
}
