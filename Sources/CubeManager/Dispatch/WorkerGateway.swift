import CubeErrors
package import CubeTypes

/// Calls workers by the URL that they registered with (`http://HOST:PORT`, `https://HOST:PORT` or `unix:PATH`).
///
/// Every call throws `APIError`. All calls are idempotent, so the caller may repeat a call that may have reached the
/// worker.
package protocol WorkerGateway: Sendable {
    /// Returns a gateway for calls to the worker of a node: a server at the URL that is not this worker is not called.
    func verifying(_ node: NodeName) -> any WorkerGateway

    /// Returns the changes since a sequence number of a worker incarnation, or all tasks if there is no sequence
    /// number. The worker waits up to `wait` for a change.
    func tasks(
        at url: String, since: Int?, incarnation: String?, term: Int, cluster: ClusterID, wait: Duration,
        renewing lease: LeaseRenewal
    ) async throws -> WorkerTaskList

    func assign(_ assignment: TaskAssignment, at url: String) async throws -> WorkerTask

    /// Stops a task. A worker that does not know the task records it as stopped, so that a late assignment starts
    /// nothing.
    func stop(
        _ id: TaskID, placement: Int, term: Int, cluster: ClusterID, at url: String
    ) async throws -> WorkerTask

    func updateSettings(_ id: TaskID, _ settings: TaskSettings, at url: String) async throws -> WorkerTask

    /// Carries out operations about different tasks.
    ///
    /// - Returns: one result for each operation, in the same order.
    func carryOut(_ batch: WorkerBatch, at url: String) async throws -> [WorkerResult]

    func metrics(at url: String) async throws -> WorkerMetrics

    /// Starts a command beside the program of a task.
    func exec(
        _ request: ExecRequest, as session: ExecID, in task: TaskID, at url: String
    ) async throws -> (session: ExecSession, created: Bool)

    func execOutput(
        _ session: ExecID, of task: TaskID, after offset: Int, wait: Duration, at url: String
    ) async throws -> ExecOutput

    func execInput(
        _ input: ExecInput, to session: ExecID, of task: TaskID, wait: Duration, at url: String
    ) async throws -> ExecReceipt

    func resizeExec(_ session: ExecID, of task: TaskID, to size: TerminalSize, at url: String) async throws

    func endExec(_ session: ExecID, of task: TaskID, at url: String) async throws

    /// Removes a named volume with its data. Returns only after the volume is gone; a missing volume is no error.
    func removeVolume(
        _ name: VolumeName, of owner: OwnerName, term: Int, cluster: ClusterID, at url: String
    ) async throws

    func logs(
        _ id: TaskID, _ selection: LogSelection, at url: String
    ) async throws -> any AsyncSequence<[UInt8], any Error> & Sendable
}

extension WorkerGateway {
    /// The gateway itself: without certificates, the address and the token identify a worker.
    package func verifying(_ node: NodeName) -> any WorkerGateway { self }

    /// Carries out each operation of a batch by a call of its own, one after the other: for a worker that takes no batches, and for a
    /// batch that a worker does not accept as a whole. After a call without a response, the rest is not tried.
    ///
    /// - Throws: `CancellationError`.
    package func carryOutSeparately(_ batch: WorkerBatch, at url: String) async throws -> [WorkerResult] {
        var results: [WorkerResult] = []
        for operation in batch.operations {
            do {
                switch operation {
                case .assign(let assignment):
                    results.append(WorkerResult(status: 201, task: try await assign(assignment, at: url)))
                case .update(let id, let settings):
                    results.append(WorkerResult(status: 200, task: try await updateSettings(id, settings, at: url)))
                case .stop(let id, let placement):
                    let task = try await stop(
                        id, placement: placement, term: batch.term, cluster: batch.cluster, at: url)
                    results.append(WorkerResult(status: 202, task: task))
                }
            } catch let error as APIError {
                guard error.reason == .timeout else {
                    // Also `unavailable` may concern this task alone, as one that is exclusive and has no lease.
                    results.append(WorkerResult(error: error))
                    continue
                }
                let rest = batch.operations.count - results.count
                return results + Array(repeating: WorkerResult(error: error), count: rest)
            }
        }
        return results
    }
}
