package import CubeTypes

/// How the manager reaches a worker, by the URL that it registered with (`http://HOST:PORT` or `unix:PATH`).
///
/// Every call throws `APIError`; one that may have reached the worker is made again, as all of them are idempotent.
package protocol WorkerGateway: Sendable {
    /// What changed since a sequence number of an incarnation, or everything; the worker waits up to `wait` for a change.
    func tasks(
        at url: String, since: Int?, incarnation: String?, term: Int, cluster: ClusterID, wait: Duration
    ) async throws -> WorkerTaskList

    func assign(_ assignment: TaskAssignment, at url: String) async throws -> WorkerTask

    /// A worker that has no such task records it as stopped, so that an assignment that comes later starts nothing.
    func stop(
        _ id: TaskID, placement: Int, term: Int, cluster: ClusterID, at url: String
    ) async throws -> WorkerTask

    func updateSettings(_ id: TaskID, _ settings: TaskSettings, at url: String) async throws -> WorkerTask

    func logs(
        _ id: TaskID, _ selection: LogSelection, at url: String
    ) async throws -> any AsyncSequence<[UInt8], any Error> & Sendable
}
