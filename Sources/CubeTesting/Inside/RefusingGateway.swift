package import CubeErrors
package import CubeManager
package import CubeTypes

/// Calls to workers that refuse everything but what the type itself answers.
package protocol RefusingGateway: WorkerGateway {}

extension RefusingGateway {
    /// The error of a call that is refused.
    package static var refusal: APIError { APIError(.unavailable, "this worker refuses the call") }

    package func tasks(
        at url: String, since: Int?, incarnation: String?, term: Int, cluster: ClusterID, wait: Duration,
        renewing lease: LeaseRenewal
    ) async throws -> WorkerTaskList { throw Self.refusal }

    package func assign(_ assignment: TaskAssignment, at url: String) async throws -> WorkerTask { throw Self.refusal }

    package func stop(
        _ id: TaskID, placement: Int, term: Int, cluster: ClusterID, at url: String
    ) async throws -> WorkerTask { throw Self.refusal }

    package func updateSettings(_ id: TaskID, _ settings: TaskSettings, at url: String) async throws -> WorkerTask {
        throw Self.refusal
    }

    package func carryOut(_ batch: WorkerBatch, at url: String) async throws -> [WorkerResult] {
        try await carryOutSeparately(batch, at: url)
    }

    package func metrics(at url: String) async throws -> WorkerMetrics { throw Self.refusal }

    package func exec(
        _ request: ExecRequest, as session: ExecID, in task: TaskID, at url: String
    ) async throws -> (session: ExecSession, created: Bool) { throw Self.refusal }

    package func execOutput(
        _ session: ExecID, of task: TaskID, after offset: Int, wait: Duration, at url: String
    ) async throws -> ExecOutput { throw Self.refusal }

    package func execInput(
        _ input: ExecInput, to session: ExecID, of task: TaskID, wait: Duration, at url: String
    ) async throws -> ExecReceipt { throw Self.refusal }

    package func resizeExec(_ session: ExecID, of task: TaskID, to size: TerminalSize, at url: String) async throws {
        throw Self.refusal
    }

    package func endExec(_ session: ExecID, of task: TaskID, at url: String) async throws { throw Self.refusal }

    package func removeVolume(
        _ name: VolumeName, of owner: OwnerName, term: Int, cluster: ClusterID, at url: String
    ) async throws { throw Self.refusal }

    package func logs(
        _ id: TaskID, _ selection: LogSelection, at url: String
    ) async throws -> any AsyncSequence<[UInt8], any Error> & Sendable { throw Self.refusal }
}
