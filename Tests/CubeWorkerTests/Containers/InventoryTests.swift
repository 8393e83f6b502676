import CubeCore
import CubeTypes
import Testing

@testable import CubeWorker

/// What `cube import docker-ps` learns from an engine. Every test needs an engine that `.ci/with-engines` started.
@Suite(
    .timeLimit(.minutes(2)),
    .enabled(if: !TestRuntime.engines.isEmpty, "needs a container engine: run .ci/with-engines"))
struct InventoryTests {
    @Test(arguments: TestRuntime.engines)
    func `The inventory describes each running container and its image`(engine: TestRuntime) async throws {
        try await WorkerWorld.with(engine) { world in
            let task = engine.script("sleep 1000", stop: StopPolicy(signal: "SIGKILL"))
            try await world.worker(engine) { worker in
                try await worker.assign(task)
                try await worker.task(task.id, reaches: .running)
            }
            let inventory = try await EngineInventory.read(socket: engine.socket)
            let descriptions = inventory.containers.map { String(decoding: $0, as: UTF8.self) }
            let own = try #require(descriptions.first { $0.contains(containerName(of: task)) })
            for key in ["Id", "Name", "Image", "Config", "HostConfig", "Mounts", "NetworkSettings"] {
                #expect(own.contains("\"\(key)\":"), "\(key)")
            }
            let image = try #require(inventory.images.first { own.contains($0.key) }?.value)
            #expect(String(decoding: image, as: UTF8.self).contains("\"Config\":"))
        }
    }
}
