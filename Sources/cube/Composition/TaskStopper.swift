import CubeCore
import CubeErrors
import CubeManagerClient
import CubeTypes

/// Stops all tasks of an owner, and waits until they ended.
struct TaskStopper {
    /// How many stops are asked for at the same time.
    private static let width = 32

    var client: ManagerClient
    var owner: OwnerName

    /// - Returns: how many tasks it stopped.
    /// - Throws: a ``Failure`` that names what has not ended after `limit`.
    func stopAll(within limit: Duration) async throws -> Int {
        let deadline = ContinuousClock.now + limit
        var observed = ObservedState(try await client.tasks(owner: owner), of: owner)
        var living: [WorkloadName: [TaskStatus]] = [:]
        var changed = Set(observed.workloads.keys)
        var stopped: Set<TaskID> = []
        while true {
            for name in changed {
                let live = observed.workloads[name]?.live ?? []
                living[name] = live.isEmpty ? nil : live
            }
            let new = changed.flatMap { living[$0] ?? [] }.map(\.id)
            try await stop(new.filter { stopped.insert($0).inserted })
            guard !living.isEmpty else { return stopped.count }
            guard ContinuousClock.now < deadline else {
                let names = living.values.joined().map { "\($0.name)/\($0.ordinal)" }.sorted()
                throw Failure(
                    "after \(limit.text), \(names.count) tasks have not ended: \(names.shortList)",
                    hint: "`cube status` and `cube node list` say more; a node that is silent cannot end its tasks")
            }
            do {
                changed = observed.apply(
                    try await client.changes(
                        owner: owner, since: observed.revision, term: observed.term,
                        wait: min(.seconds(10), deadline - .now)))
            } catch let error as APIError where error.reason == .revisionGone {
                observed = ObservedState(try await client.tasks(owner: owner), of: owner)
                living = [:]
                changed = Set(observed.workloads.keys)
            }
        }
    }

    private func stop(_ ids: [TaskID]) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, id) in ids.enumerated() {
                if index >= Self.width { try await group.next() }
                group.addTask { _ = try await client.stop(id) }
            }
            try await group.waitForAll()
        }
    }
}
