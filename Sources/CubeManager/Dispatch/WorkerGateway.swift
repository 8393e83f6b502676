package import CubeTypes

/// Calls workers by the URL that they registered with (`http://HOST:PORT` or `unix:PATH`).
///
/// Every call throws `APIError`. All calls are idempotent, so the caller may repeat a call that may have reached the
/// worker.
package protocol WorkerGateway: Sendable {
    /// Returns the changes since a sequence number of a worker incarnation, or all tasks if there is no sequence
    /// number. The worker waits up to `wait` for a change.
    func tasks(
        at url: String, since: Int?, incarnation: String?, term: Int, cluster: ClusterID, wait: Duration
    ) async throws -> WorkerTaskList

    func assign(_ assignment: TaskAssignment, at url: String) async throws -> WorkerTask

    /// Stops a task. A worker that does not know the task records it as stopped, so that a late assignment starts
    /// nothing.
    func stop(
        _ id: TaskID, placement: Int, term: Int, cluster: ClusterID, at url: String
    ) async throws -> WorkerTask

    func updateSettings(_ id: TaskID, _ settings: TaskSettings, at url: String) async throws -> WorkerTask

    func logs(
        _ id: TaskID, _ selection: LogSelection, at url: String
    ) async throws -> any AsyncSequence<[UInt8], any Error> & Sendable
}
