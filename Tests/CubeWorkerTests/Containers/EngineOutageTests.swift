import CubeCore
import CubeTesting
import CubeTypes
import Foundation
import Glibc
import SystemPackage
import Testing

@testable import CubeWorker

/// Engines that are killed and come back. Each test has an engine of its own.
@Suite(
    .serialized, .timeLimit(.minutes(2)),
    .enabled(if: TestRuntime.docker.socket != nil, "needs Docker: run .ci/with-engines"))
struct EngineOutageTests {
    @Test func `Containers that outlive their engine are found again by the engine and by the worker`() async throws {
        try await withEngine(options: ["--live-restore"]) { engine, world in
            let task = TestRuntime.docker.script("echo up; sleep 1000", stop: StopPolicy(signal: "SIGKILL"))
            try await world.worker(options: engine.options(world)) { worker in
                try await worker.assign(task)
                try await worker.output(task.id, shows: "up")
                try await engine.kill()
                let held = try await worker.service.task(task.id)
                #expect(held.state == .running && held.run == 1)
                try await engine.start()
                try await worker.stop(task.id)
                let ended = try await worker.ended(task.id)
                #expect(ended.run == 1 && ended.restarts == 0)
                #expect(try await worker.output(task.id) == "up\n")
            }
        }
    }

    @Test func `Containers that an engine ends when it comes back are restarted, and each task has one`() async throws {
        try await withEngine(options: []) { engine, world in
            let policy = RestartPolicy(policy: .always, backoff: .milliseconds(100))
            let task = TestRuntime.docker.script(
                "echo up; sleep 1000", restart: policy, stop: StopPolicy(signal: "SIGKILL"))
            try await world.worker(options: engine.options(world)) { worker in
                try await worker.assign(task)
                try await worker.output(task.id, shows: "up")
                try await engine.kill()
                try await engine.start()
                try await worker.task(task.id) { $0.run == 2 && $0.state == .running }
                let containers = try await engine.client.containers(with: [ContainerSpec.Label.task: task.id.rawValue])
                #expect(containers.map(\.state) == ["running"])
                try await worker.stop(task.id)
                try await worker.ended(task.id)
                #expect(try await worker.output(task.id) == "up\nup\n")
            }
        }
    }

    @Test func `A stop that is requested during an outage is carried out after it`() async throws {
        try await withEngine(options: ["--live-restore"]) { engine, world in
            let task = TestRuntime.docker.script("echo up; sleep 1000", stop: StopPolicy(signal: "SIGKILL"))
            try await world.worker(options: engine.options(world)) { worker in
                try await worker.assign(task)
                try await worker.output(task.id, shows: "up")
                try await engine.kill()
                #expect(try await worker.stop(task.id).state == .stopping)
                try await engine.start()
                #expect(try await worker.ended(task.id).state == .stopped)
            }
        }
    }

    @Test func `A container of an exclusive task is killed when its lease ends, with neither a worker nor an engine`()
        async throws
    {
        try await withEngine(options: ["--live-restore"]) { engine, world in
            let (id, process, watchdog) = try await world.worker(options: engine.options(world)) { worker in
                var task = TestRuntime.docker.script("echo up; sleep 1000", restart: RestartPolicy(policy: .always)) {
                    $0.exclusive = true
                }
                task.receipt = try await worker.contact(length: .seconds(15))
                try await worker.assign(task)
                try await worker.output(task.id, shows: "up")
                let container = try #require(try await engine.client.container(containerName(of: task)))
                return (
                    task.id, try #require(container.status.process),
                    try #require(try world.runDirectory(task.id).watchdog())
                )
            }
            try await engine.kill()
            #expect(ProcessTable.Entry(process) != nil)
            try await watchdog.end()
            try await eventually { ProcessTable.Entry(process) == nil }
            try await engine.start()
            try await world.worker(options: engine.options(world)) { worker in
                let ended = try await worker.ended(id)
                #expect(ended.reason == .leaseLost)
            }
        }
    }

    // MARK: The engine of a test

    private func withEngine(
        options: [String], _ body: (RestartableEngine, WorkerWorld) async throws -> Void
    ) async throws {
        let engine = RestartableEngine(options: options)
        try await engine.start()
        let result: Result<Void, any Error>
        do {
            try await engine.load()
            result = .success(try await WorkerWorld.with { try await body(engine, $0) })
        } catch {
            // The engine may have been at fault.
            print("the log of the engine:\n\(engine.log.suffix(6000))")
            system("docker -H 'unix://\(engine.socket)' ps -a")
            result = .failure(error)
        }
        try await engine.kill()
        try result.get()
    }
}

/// A Docker engine that a test starts and kills.
private struct RestartableEngine {
    let name = "test-\(UUID().uuidString.prefix(8).lowercased())"
    let options: [String]

    private var home: String { String(cString: getenv("CUBE_TEST_ENGINES")) }
    var log: String {
        String(decoding: FileManager.default.contents(atPath: "\(home)/\(name).log") ?? Data(), as: UTF8.self)
    }
    var socket: String { "\(home)/\(name).sock" }

    var client: EngineClient { EngineClient(socket: socket, clock: ContinuousClock()) }

    func options(_ world: WorkerWorld) -> WorkerOptions {
        WorkerOptions(
            name: world.name, directory: world.directory, supervisor: WorkerWorld.supervisor, runtimes: [.docker],
            engineSocket: FilePath(socket))
    }

    /// Starts the engine and waits until it responds. It has no network, because the bridge is that of another engine.
    func start() async throws {
        // A child of this process that was killed would stay as a zombie, which the next engine takes for a running one.
        let command = (["unshare --net '\(home)/start-docker'", name, "--bridge=none", "--iptables=false"] + options)
            .joined(
                separator: " ")
        #expect(system("\(command) </dev/null &") == 0)
        try await eventually {
            // Refused until the engine listens.
            await (try? client.containers(with: [:])) != nil
        }
    }

    /// Makes the image of the tests known to the engine.
    func load() async throws {
        #expect(system("docker -H 'unix://\(socket)' import '\(home)/image.tar' \(TestRuntime.image) >/dev/null") == 0)
    }

    /// Kills the engine, which leaves its containers alone, and waits until it is gone.
    func kill() async throws {
        let text = try String(contentsOfFile: "\(home)/\(name).pid", encoding: .utf8)
        let process = try #require(pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines)))
        Glibc.kill(process, SIGKILL)
        try await eventually { Glibc.kill(process, 0) != 0 }
    }
}
