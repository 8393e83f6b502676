import CubeManagerClient

/// The code in `CubeManagerClient/GettingStarted.md`.
enum ManagerGuide {
    static func connect(token: String) async throws -> ManagerClient {
        let manager = ManagerClient(endpoint: "http://127.0.0.1:8081", token: token)
        try await manager.ready()
        return manager
    }

    static func schedule(_ manager: ManagerClient) async throws {
        let task = try await manager.schedule(
            TaskDefinition(name: "web", command: ["web", "--port", "$(PORT_HTTP)"], ports: [PortSpec(name: "http")]))
        print(task.id, task.state)
        try await manager.stop(task.id)
    }

    static func list(_ manager: ManagerClient) async throws {
        for try await task in manager.pages(owner: .default, size: 100).tasks {
            print(task.name, task.ordinal, task.state)
        }
    }

    static func follow(_ manager: ManagerClient) async throws -> [TaskID: TaskStatus] {
        var tasks: [TaskID: TaskStatus] = [:]
        for try await event in manager.watch(owner: .default) {
            switch event {
            case .listed(let list): tasks = Dictionary(uniqueKeysWithValues: list.tasks.map { ($0.id, $0) })
            case .changed(let changes):
                for task in changes.changed { tasks[task.id] = task }
                for id in changes.removed { tasks[id] = nil }
            }
            if tasks.values.allSatisfy(\.ready) { break }
        }
        return tasks
    }

    static func read(_ manager: ManagerClient, _ id: TaskID) async throws {
        for try await line in try await manager.logs(of: id, tail: 10).lines {
            print(line)
        }
    }

    static func find(_ manager: ManagerClient, _ id: TaskID) async throws -> TaskStatus? {
        do {
            return try await manager.task(id)
        } catch let error as APIError where error.reason == .taskNotFound {
            return nil
        }
    }
}
