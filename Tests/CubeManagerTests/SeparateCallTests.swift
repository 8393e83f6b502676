import CubeCore
import CubeErrors
import CubeManager
import CubeTesting
import CubeTypes
import Testing

/// A batch that is carried out by a call for each operation.
struct SeparateCallTests {
    /// Workers that stop tasks, except for those with an error.
    private struct PickyWorkers: RefusingGateway {
        var errors: [TaskID: APIError]

        func stop(
            _ id: TaskID, placement: Int, term: Int, cluster: ClusterID, at url: String
        ) async throws -> WorkerTask {
            if let error = errors[id] { throw error }
            return SeparateCallTests.task(id)
        }
    }

    fileprivate static func task(_ id: TaskID) -> WorkerTask {
        WorkerTask(
            id: id, placement: 1, run: 1, state: .stopping,
            settingsDigest: TaskDefinition(name: WorkloadName(rawValue: "web")!).settingsDigest)
    }

    private let ids = (1...4).map { TaskID(rawValue: "00000000-0000-5000-8000-00000000000\($0)")! }

    private func results(_ errors: [TaskID: APIError]) async throws -> [WorkerResult] {
        let batch = WorkerBatch(
            cluster: TestManager.cluster, term: 1, operations: ids.map { .stop($0, placement: 1) })
        return try await PickyWorkers(errors: errors).carryOutSeparately(batch, at: TestManager.url)
    }

    private func stopped(_ id: TaskID) -> WorkerResult { WorkerResult(status: 202, task: Self.task(id)) }

    @Test func `A task that a worker refuses does not hold up the others`() async throws {
        let refusal = APIError(.unavailable, "no lease")
        #expect(
            try await results([ids[0]: refusal])
                == [WorkerResult(error: refusal), stopped(ids[1]), stopped(ids[2]), stopped(ids[3])])
    }

    @Test func `After a call without a response, the rest is not tried`() async throws {
        let silence = APIError(.timeout, "no response")
        let failure = WorkerResult(error: silence)
        #expect(try await results([ids[1]: silence]) == [stopped(ids[0]), failure, failure, failure])
    }
}
