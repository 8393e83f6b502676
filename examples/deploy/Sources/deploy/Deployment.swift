import CubeOrchestratorClient

/// Replaces the tasks of a service. The old tasks stop only when all new tasks are ready.
struct Deployment {
    let cube: OrchestratorClient
    /// The time within which a task must be ready, and within which it must end.
    let limit: Duration

    /// - Throws: `APIError` if a new task fails or is not ready in time. The new tasks are then stopped, and the old ones untouched.
    func replace(with definition: TaskDefinition, replicas: Int) async throws {
        let old = try await tasks(of: definition.name).filter { !$0.state.hasEnded }
        var new: [TaskStatus] = []
        do {
            for _ in 0..<replicas {
                let task = try await cube.schedule(definition)
                new.append(task)
                try await showUntilReady(task)
            }
        } catch {
            try await stop(new)
            throw error
        }
        try await stop(old)
        print("\(definition.name) is deployed: \(replicas) ready, \(old.count) stopped")
    }

    /// Returns the definition of the version that ran before the current one.
    func former(of name: WorkloadName) async throws -> TaskDefinition {
        let tasks = try await tasks(of: name)
        let current = Set(tasks.filter { !$0.state.hasEnded }.map(\.specDigest))
        let former = tasks.filter { $0.state == .stopped && !current.contains($0.specDigest) }
        guard let last = former.max(by: { $0.revision < $1.revision }) else {
            throw APIError(.taskNotFound, "\(name): no previous version is known")
        }
        return last.definition
    }

    /// Waits until a task is ready, and prints its output meanwhile.
    private func showUntilReady(_ task: TaskStatus) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for try await line in cube.logs(of: task.id, follow: true).lines {
                    print("\(task.name)/\(task.ordinal) | \(line)")
                }
            }
            try await cube.waitUntilReady(task.id, within: limit)
            group.cancelAll()
        }
        print("\(task.name)/\(task.ordinal) is ready")
    }

    private func stop(_ tasks: [TaskStatus]) async throws {
        for task in tasks { try await cube.stop(task.id, within: limit) }
    }

    private func tasks(of name: WorkloadName) async throws -> [TaskStatus] {
        try await cube.manager.tasks(owner: cube.owner, name: name).tasks
    }
}
