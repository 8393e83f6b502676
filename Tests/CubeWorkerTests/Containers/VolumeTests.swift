import CubeCore
import CubeErrors
import CubeTesting
import CubeTypes
import Foundation
import Testing

@testable import CubeWorker

/// The volumes of containers. Every test needs an engine that `.ci/with-engines` started.
@Suite(
    .timeLimit(.minutes(2)),
    .enabled(if: !TestRuntime.engines.isEmpty, "needs a container engine: run .ci/with-engines"))
struct VolumeTests {
    @Test(arguments: TestRuntime.engines)
    func `Scratch space is writable for the user of the task, has its size, and ends with the run`(
        engine: TestRuntime
    ) async throws {
        try await WorkerWorld.with(engine) { world in
            let script = """
                ls /fast; df -m /fast | tail -1 | awk '{print $2}'; id -u
                cp /bin/busybox /fast/sh && /fast/sh -c 'echo executed'
                dd if=/dev/zero of=/fast/more bs=1M count=16 2>&1 | grep -o 'No space left.*'
                """
            let policy = RestartPolicy(policy: .always, max: 1, backoff: .milliseconds(100))
            let task = engine.script(script, restart: policy) {
                $0.user = "web"
                $0.volumes = [VolumeMount(.scratch(bytes: 8 << 20), target: "/fast")]
            }
            try await world.worker(engine) { worker in
                try await worker.assign(task)
                try await worker.ended(task.id)
                let run = "8\n1000\nexecuted\nNo space left on device\n"
                #expect(try await worker.output(task.id) == run + run)
            }
        }
    }

    // MARK: Paths of the node

    @Test(arguments: TestRuntime.engines)
    func `A directory of the node is mounted if the worker allows it, and read-only where the manifest says so`(
        engine: TestRuntime
    ) async throws {
        try await WorkerWorld.with(engine) { world in
            let shared = "\(world.directory)/shared"
            try FileManager.default.createDirectory(atPath: "\(shared)/real", withIntermediateDirectories: true)
            try Data("of the node".utf8).write(to: URL(filePath: "\(shared)/real/file"))
            try FileManager.default.createSymbolicLink(atPath: "\(shared)/link", withDestinationPath: "real")
            try FileManager.default.createSymbolicLink(atPath: "\(shared)/out", withDestinationPath: "/etc")
            var options = engine.options(world)
            options.allowances.mounts = [AllowedMount(path: shared)]
            func mounting(_ source: String, isReadOnly: Bool, _ script: String) -> TaskAssignment {
                engine.script(script) {
                    $0.volumes = [VolumeMount(.path(source), target: "/data", isReadOnly: isReadOnly)]
                }
            }
            try await world.worker(options: options) { worker in
                let writing = mounting(
                    "\(shared)/link", isReadOnly: false,
                    "cat /data/file; echo written >/data/more; grep ' /data ' /proc/self/mountinfo | grep -c shared:")
                try await worker.assign(writing)
                try await worker.ended(writing.id)
                #expect(try await worker.output(writing.id) == "of the node0\n")
                #expect(try String(contentsOfFile: "\(shared)/real/more", encoding: .utf8) == "written\n")

                let reading = mounting(
                    "\(shared)/real", isReadOnly: true, "{ echo no >/data/more; } 2>&1; cat /data/more")
                try await worker.assign(reading)
                try await worker.ended(reading.id)
                #expect(try await worker.output(reading.id).hasSuffix("Read-only file system\nwritten\n"))

                for (source, cause) in [
                    ("\(shared)/missing", "cannot mount \(shared)/missing: it does not exist on this node"),
                    ("\(shared)/out", "this node does not allow a mount of \(shared)/out, which leads to /etc"),
                    ("/etc", "this node does not allow a mount of /etc"),
                ] {
                    let refused = mounting(source, isReadOnly: false, "true")
                    try await worker.assign(refused)
                    let ended = try await worker.ended(refused.id)
                    #expect(ended.reason == .startFailed && ended.message?.hasPrefix(cause) == true, "\(ended)")
                }
                #expect(!FileManager.default.fileExists(atPath: "\(shared)/missing"))
            }
        }
    }

    // MARK: Named volumes

    /// Returns a task with the volume `pgdata` at `/data`.
    private func task(_ engine: TestRuntime, _ script: String, isReadOnly: Bool = false) -> TaskAssignment {
        engine.script(script, stop: StopPolicy(signal: "SIGKILL")) {
            $0.volumes = [VolumeMount(.volume("pgdata"), target: "/data", isReadOnly: isReadOnly)]
        }
    }

    private func volume(_ world: WorkerWorld) -> NodeVolume {
        NodeVolume("pgdata", of: .default, cluster: WorkerWorld.cluster, worker: world.name)
    }

    @Test(arguments: TestRuntime.engines)
    func `The data of a named volume survive the task and the worker, until the volume is removed`(
        engine: TestRuntime
    ) async throws {
        try await WorkerWorld.with(engine) { world in
            let volume = volume(world)
            try await world.worker(engine) { worker in
                let first = task(engine, "echo kept >/data/file")
                try await worker.assign(first)
                #expect(try await worker.ended(first.id).state == .completed)
                #expect(try await engine.client.volume(volume.name)?.labels?["cube.volume"] == "pgdata")
                let key = VolumeKey(owner: .default, name: "pgdata")
                let list = try await worker.list()
                #expect(list.volumes == [key])
                #expect(try await worker.list(since: list.sequence, wait: .zero).volumes == nil)
            }
            try await world.worker(engine) { worker in
                let second = task(engine, "cat /data/file; echo no 2>&1 >/data/more; sleep 1000", isReadOnly: true)
                try await worker.assign(second)
                try await worker.output(second.id, shows: "kept")
                try await worker.output(second.id, shows: "sh: can't create /data/more: Read-only file system")
                let error = await #expect(throws: APIError.self) { try await worker.removeVolume() }
                #expect(error?.message.hasPrefix("volume pgdata is used by task task/3 on worker ") == true)
                try await worker.stop(second.id)
                try await worker.ended(second.id)

                try await eventually { try await engine.client.container(containerName(of: second)) == nil }
                try await worker.removeVolume()
                #expect(try await engine.client.volume(volume.name) == nil)
                try await worker.removeVolume()
                let third = task(engine, "ls /data")
                try await worker.assign(third)
                #expect(try await worker.ended(third.id).state == .completed)
                #expect(try await worker.output(third.id) == "")
                try await eventually { try await engine.client.container(containerName(of: third)) == nil }
                try await worker.removeVolume()
            }
        }
    }

    @Test(arguments: TestRuntime.engines)
    func `No task starts with an empty volume if the volume of the worker is missing from its engine`(
        engine: TestRuntime
    ) async throws {
        try await WorkerWorld.with(engine) { world in
            let volume = volume(world)
            try await world.worker(engine) { worker in
                let first = task(engine, "echo kept >/data/file")
                try await worker.assign(first)
                try await worker.ended(first.id)
                try await eventually { try await engine.client.container(containerName(of: first)) == nil }
                try await engine.client.removeVolume(volume.name)

                let second = task(engine, "ls /data")
                try await worker.assign(second)
                let failed = try await worker.ended(second.id)
                #expect(failed.state == .failed && failed.reason == .startFailed)
                #expect(
                    failed.message?.hasPrefix("volume pgdata is missing from the engine that has its data in /") == true
                )
                #expect(try await engine.client.volume(volume.name) == nil)

                try await worker.removeVolume()
                // Another machine of the same name has neither the volume nor the records of the first one.
                var third = task(engine, "ls /data")
                third.existingVolumes = ["pgdata"]
                try await worker.assign(third)
                let lost = try await worker.ended(third.id)
                #expect(lost.message?.hasPrefix("volume pgdata is missing from this machine") == true)
                let fourth = task(engine, "ls /data")
                try await worker.assign(fourth)
                #expect(try await worker.ended(fourth.id).state == .completed)
                try await eventually { try await engine.client.container(containerName(of: fourth)) == nil }
                try await worker.removeVolume()
            }
        }
    }

    @Test(arguments: TestRuntime.engines)
    func `A volume that a container of another program uses is not removed`(engine: TestRuntime) async throws {
        try await WorkerWorld.with(engine) { world in
            let volume = volume(world)
            try await world.worker(engine) { worker in
                let task = task(engine, "echo kept >/data/file")
                try await worker.assign(task)
                try await worker.ended(task.id)
                try await eventually { try await engine.client.container(containerName(of: task)) == nil }
                struct Creation: Encodable {
                    struct Host: Encodable { var binds: [String] }
                    var image = TestRuntime.image
                    var hostConfig: Host
                }
                let name = "other-\(world.name)"
                try await engine.client.send(
                    .post(
                        "/containers/create", [("name", name)],
                        json: Creation(hostConfig: Creation.Host(binds: ["\(volume.name):/data"]))))
                let error = await #expect(throws: APIError.self) { try await worker.removeVolume() }
                #expect(error?.reason == .conflict)
                #expect(try await engine.client.volume(volume.name) != nil)
                try await engine.client.remove(name)
                try await worker.removeVolume()
            }
        }
    }
}

extension RunningWorker {
    fileprivate func removeVolume() async throws {
        try await service.removeVolume("pgdata", of: .default, term: 1, cluster: WorkerWorld.cluster)
    }
}
