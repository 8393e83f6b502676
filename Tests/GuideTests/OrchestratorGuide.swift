import CubeOrchestratorClient

/// The code in `CubeOrchestratorClient/GettingStarted.md`.
enum OrchestratorGuide {
    static func connect() throws -> OrchestratorClient {
        let cube = OrchestratorClient(try .load())
        return cube
    }

    static func migrate(_ cube: OrchestratorClient) async throws -> TaskStatus {
        let job = TaskDefinition(name: "migrate", kind: .job, command: ["migrate", "--all"])
        let task = try await cube.run(job, within: .seconds(60))
        for try await line in cube.logs(of: task.id).lines {
            print(line)
        }
        return task
    }

    static func follow(_ cube: OrchestratorClient) async throws {
        for try await event in cube.events() {
            print(event.revision, event.kind, event.name?.rawValue ?? "")
        }
    }

    static func run(_ cube: OrchestratorClient, _ definition: TaskDefinition) async throws {
        do {
            try await cube.run(definition, within: .seconds(60))
        } catch let error as APIError where [.taskFailed, .timeout].contains(error.reason) {
            print(error.message)
            print(error.details?["log"] ?? "")
        }
    }

    static func look(_ cube: OrchestratorClient, _ task: TaskStatus) async throws {
        let node = try await cube.worker(of: task.id)
        print("runs on \(node?.name.rawValue ?? "no node yet")")
        for endpoint in try await cube.endpoints(of: task.name) {
            print(endpoint)
        }
    }

    static func stop(_ cube: OrchestratorClient, _ task: TaskStatus) async throws {
        try await cube.stop(task.id, within: .seconds(30))
    }
}
