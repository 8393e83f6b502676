import CubeWorkerClient

/// The code in `CubeWorkerClient/GettingStarted.md`.
enum WorkerGuide {
    static func connect(token: String) async throws -> WorkerClient {
        let worker = WorkerClient(endpoint: "http://127.0.0.1:8080", token: token)
        try await worker.ready()
        return worker
    }

    static func submit(_ worker: WorkerClient) async throws {
        let task = try await worker.submit(
            TaskDefinition(id: "migrate-42", name: "migrate", kind: .job, command: ["migrate"]))
        try await worker.stop(task.id)
    }

    static func look(_ worker: WorkerClient) async throws {
        let info = try await worker.info()
        print(info.name, info.runtimes, info.capacity)
        let metrics = try await worker.metrics()
        for task in metrics.tasks {
            print(task.id, task.memoryBytes, task.cpuSeconds)
        }
    }

    static func read(_ worker: WorkerClient, _ id: TaskID) async throws {
        for try await line in try await worker.logs(of: id, follow: true).lines {
            print(line)
        }
    }
}
