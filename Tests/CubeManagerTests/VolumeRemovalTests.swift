import CubeCore
import CubeErrors
import CubeManager
import CubeTesting
import CubeTypes
import HashTreeCollections
import Testing

struct VolumeRemovalTests {
    private let key = VolumeKey(owner: .manual, name: "pgdata")

    /// Returns a store that holds a volume without tasks on a node.
    private func store() async throws -> MemoryStore {
        let store = MemoryStore(cluster: TestManager.cluster)
        try await TestManager.run(store) { manager in
            try await manager.join(runtimes: ["docker"])
            let definition = TaskDefinition(
                name: "db", image: "postgres:16", volumes: [VolumeMount(.volume("pgdata"), target: "/data")])
            let task = try await manager.service.schedule(definition).task
            try await manager.wait(for: task.id) { $0.state == .running }
            let volume = try #require(try await manager.service.volumes().volumes.first)
            #expect(volume.node == .w1 && volume.tasks.map(\.id) == [task.id])
            await #expect(throws: APIError.self) { try await manager.remove() }
            _ = try await manager.service.stop(task.id)
            try await manager.wait(for: task.id) { $0.state == .stopped }
            #expect(await manager.workers.removedVolumes.isEmpty)
        }
        #expect(store.stored.records.volumes[key]?.node == .w1)
        return store
    }

    @Test func `A volume is removed by its worker, then from the records`() async throws {
        let store = try await store()
        try await TestManager.run(store) { manager in
            try await manager.join(runtimes: ["docker"])
            try await manager.remove()
            #expect(await manager.workers.removedVolumes == ["manual/pgdata"])
            #expect(try await manager.service.volumes().volumes.isEmpty)
        }
        #expect(store.stored.records.volumes.isEmpty)
    }

    @Test func `A removal that the worker refuses is repeated, and the list says why it is late`() async throws {
        let store = try await store()
        try await TestManager.run(store) { manager in
            try await manager.join(runtimes: ["docker"])
            await manager.workers.refuse(with: APIError(.conflict, "volume pgdata is in use"))
            let error = await #expect(throws: APIError.self) { try await manager.remove(wait: .zero) }
            #expect(error?.reason == .timeout)
            #expect(error?.message.contains("volume pgdata is on node w1, which has not removed it yet") == true)
            try await eventually {
                let volume = try await manager.service.volumes().volumes.first
                return volume?.state == .removing && volume?.message == "volume pgdata is in use"
            }
            await manager.workers.refuse(with: nil)
            try await manager.time.pass { try await manager.service.volumes().volumes.isEmpty }
            #expect(await manager.workers.removedVolumes == ["manual/pgdata"])
        }
    }

    @Test func `A manager that is killed after the worker removed a volume repeats the removal`() async throws {
        let store = try await store()
        try await TestManager.run(store) { manager in
            try await manager.join(runtimes: ["docker"])
            await manager.workers.lose(answers: 1000)
            // The response of the worker is lost, and the manager ends before it repeats the call.
            try? await manager.remove(wait: .zero)  // The removal is not confirmed yet.
            try await eventually { await manager.workers.removedVolumes.isEmpty == false }
        }
        #expect(store.stored.records.volumes[key]?.isRemoving == true)
        try await TestManager.run(store) { manager in
            try await manager.join(runtimes: ["docker"])
            try await manager.remove()
            #expect(await manager.workers.removedVolumes == ["manual/pgdata"])
        }
        #expect(store.stored.records.volumes.isEmpty)
    }
}

extension TestManager {
    fileprivate func remove(wait: Duration = .seconds(1_000_000)) async throws {
        do {
            try await service.removeVolume("pgdata", of: .manual, from: nil, isGone: false, wait: wait)
        } catch let error as APIError where error.reason == .volumeNotFound && wait > .zero {
            // It was removed meanwhile.
        }
    }
}
