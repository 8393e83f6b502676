import CubeErrors
import CubeOrchestratorClient
import CubeReconciler
import CubeSystem
import CubeTypes
import SystemPackage

/// Stops the tasks of an owner on behalf of a person, and records each stop in the journal of the data directory, as a reconciler
/// does.
struct StopJournal {
    let owner: OwnerName
    let client: OrchestratorClient
    let data: DataDirectory
    /// The command that stops them, such as `cube down`.
    let command: String

    /// - Returns: the number of stopped tasks.
    /// - Throws: an `APIError`, whose detail `tasks` names the tasks that did not end in time.
    func stopAll(within timeout: Duration) async throws -> Int {
        let tasks = await living()
        guard !tasks.isEmpty, data.path.exists else { return try await client.stopAll(within: timeout) }
        // A reconciler may write the same file at the same time, so only the reconciler rotates it.
        let journal = Journal(
            directory: data.path, files: LocalFileSystem(), logger: CommandLog.quiet, rotationSize: .max)
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
        await journal.flush()
        return try result.get()
    }

    /// Returns the tasks to be stopped, as far as the manager responds now. The journal never delays or prevents a stop: if the
    /// manager is away, ``OrchestratorClient/stopAll(of:within:)`` waits for it, and the stops are not recorded.
    private func living() async -> [TaskStatus] {
        let list = try? await client.manager.tasks(owner: owner)  // See above.
        return (list?.tasks ?? []).filter { !$0.state.hasEnded && $0.desired != .stop }
    }

    private func entry(_ event: JournalEntry.Event, _ task: TaskStatus, result: String? = nil) -> JournalEntry {
        JournalEntry(
            at: .now, event: event, verb: "stop", name: task.name, ordinal: task.ordinal, id: task.id, rule: "down",
            reason: "\(command) stops all tasks of owner \(owner)", result: result)
    }
}

extension Result where Failure == any Error {
    /// The outcome of the stops for the journal. After a timeout, it is unknown which stops the manager accepted.
    fileprivate var outcome: String {
        switch self {
        case .success: "ok"
        case .failure(let error as APIError): error.reason.rawValue
        case .failure: "cancelled"
        }
    }
}
