import CubeCore
import CubeErrors
import CubeTypes
import Glibc
import Testing

@testable import CubeWorker

/// What only containers do. Every test needs an engine that `.ci/with-engines` started.
@Suite(
    .timeLimit(.minutes(2)),
    .enabled(if: !TestRuntime.engines.isEmpty, "needs a container engine: run .ci/with-engines"))
struct ContainerTests {
    @Test(arguments: TestRuntime.engines)
    func `A container has a readable and unique name, and labels that say what it belongs to`(
        engine: TestRuntime
    ) async throws {
        try await WorkerWorld.with(engine) { world in
            let task = engine.script("sleep 1000", stop: StopPolicy(signal: "SIGKILL"))
            try await world.worker(engine) { worker in
                try await worker.assign(task)
                try await worker.task(task.id, reaches: .running)
                let container = try #require(try await engine.client.container(containerName(of: task)))
                #expect(container.labels["cube.cluster"] == WorkerWorld.cluster.rawValue)
                #expect(container.labels["cube.worker"] == world.name.rawValue)
                #expect(container.labels["cube.name"] == "task" && container.labels["cube.ordinal"] == "3")
                #expect(container.labels["cube.task"] == task.id.rawValue)
                #expect(container.labels["cube.placement"] == "1" && container.labels["cube.run"] == "1")
                try await worker.stop(task.id)
                try await worker.ended(task.id)
            }
        }
    }

    @Test(arguments: TestRuntime.engines)
    func `A published port reaches the program, and HTTP and TCP checks connect to the program itself`(
        engine: TestRuntime
    ) async throws {
        try await WorkerWorld.with(engine) { world in
            let script = "mkdir /www; echo hi >/www/index.html; sleep 1; exec httpd -f -p $PORT_HTTP -h /www"
            var task = engine.script(script, stop: StopPolicy(signal: "SIGKILL")) {
                $0.ports = [PortSpec(name: "http", container: 8080)]
                $0.health = HealthChecks(
                    ready: HealthCheck(tcp: TCPProbe(port: .name("http")), interval: .milliseconds(50), retries: 1),
                    live: HealthCheck(
                        http: HTTPProbe(port: .number(8080)), interval: .milliseconds(200), startPeriod: .seconds(30)))
            }
            task.ports = ["http": 20_100 + Int.random(in: 0..<10_000)]
            try await world.worker(engine) { worker in
                try await worker.assign(task)
                // A proxy of the engine accepts connections before the program listens.
                try await worker.task(task.id) { $0.reason == .notReady && $0.message?.contains("refused") == true }
                try await worker.task(task.id) { $0.ready }
                let check = HTTPCheck(
                    probe: HTTPProbe(port: .number(0)),
                    target: ProbeTarget(host: "127.0.0.1", port: task.ports["http"]!))
                #expect(try await check.status(within: .seconds(10), TLSContexts()) == 200)
                try await worker.stop(task.id)
                try await worker.ended(task.id)
            }
        }
    }

    @Test(arguments: TestRuntime.engines)
    func `The entrypoint of a task replaces that of the image, and its command follows`(engine: TestRuntime)
        async throws
    {
        try await WorkerWorld.with(engine) { world in
            let task = engine.script("") {
                $0.entrypoint = ["echo", "entry"]
                $0.command = ["command"]
            }
            try await world.worker(engine) { worker in
                try await worker.assign(task)
                try await worker.ended(task.id)
                #expect(try await worker.output(task.id) == "entry command\n")
            }
        }
    }

    @Test(arguments: TestRuntime.engines)
    func `A container gains no privileges, runs as its user and in its directory`(engine: TestRuntime) async throws {
        try await WorkerWorld.with(engine) { world in
            let task = engine.script("id -u; id -g; pwd; grep NoNewPrivs /proc/self/status | tr -d '\\t'") {
                $0.user = "web"
                $0.workingDirectory = "/tmp"
            }
            try await world.worker(engine) { worker in
                try await worker.assign(task)
                try await worker.ended(task.id)
                #expect(try await worker.output(task.id) == "1000\n1000\n/tmp\nNoNewPrivs:1\n")
            }
        }
    }

    @Test(arguments: TestRuntime.engines)
    func `A container that someone removed ends its run, which is restarted by the policy`(engine: TestRuntime)
        async throws
    {
        try await WorkerWorld.with(engine) { world in
            let policy = RestartPolicy(policy: .always, backoff: .milliseconds(100))
            let task = engine.script("echo up; sleep 1000", restart: policy, stop: StopPolicy(signal: "SIGKILL"))
            try await world.worker(engine) { worker in
                try await worker.assign(task)
                try await worker.task(task.id, reaches: .running)
                try await engine.client.send(.delete("/containers/\(containerName(of: task))", [("force", "true")]))
                let next = try await worker.task(task.id) { $0.run == 2 && $0.state == .running }
                #expect(next.restarts == 1)
                try await worker.stop(task.id)
                try await worker.ended(task.id)
            }
        }
    }

    @Test(arguments: TestRuntime.engines)
    func `A container that was removed while no worker was running is not started again as the same run`(
        engine: TestRuntime
    ) async throws {
        try await WorkerWorld.with(engine) { world in
            let task = engine.script("sleep 1000")
            try await world.worker(engine) { worker in
                try await worker.assign(task)
                try await worker.task(task.id, reaches: .running)
            }
            try await engine.client.send(.delete("/containers/\(containerName(of: task))", [("force", "true")]))
            try await world.worker(engine) { worker in
                let ended = try await worker.ended(task.id)
                #expect(ended.state == .failed && ended.reason == .containerRemoved)
            }
        }
    }

    @Test(arguments: TestRuntime.engines)
    func `An image that cannot be pulled delays the start, and the status says why`(engine: TestRuntime) async throws {
        try await WorkerWorld.with(engine) { world in
            let task = engine.script("") { $0.image = "registry.invalid/none:1" }
            try await world.worker(engine) { worker in
                try await worker.assign(task)
                let waiting = try await worker.task(task.id) {
                    $0.message?.hasPrefix("cannot pull image registry.invalid/none:1: ") == true
                }
                #expect(waiting.state == .scheduled)
                try await worker.stop(task.id)
                #expect(try await worker.ended(task.id).state == .stopped)
            }
        }
    }

    @Test(arguments: TestRuntime.engines)
    func `A container whose records were deleted is found as an orphan, and can be ended`(
        engine: TestRuntime
    ) async throws {
        try await WorkerWorld.with(engine) { world in
            let task = engine.script("sleep 1000", stop: StopPolicy(signal: "SIGKILL"))
            try await world.worker(engine) { worker in
                try await worker.assign(task)
                try await worker.task(task.id, reaches: .running)
            }
            let find = { try await OrphanContainers.find(at: [world.directory], socket: engine.socket) }
            #expect(try await find().isEmpty)
            try LocalFiles.remove("\(world.directory)/tasks")
            let orphans = try await find()
            #expect(orphans.names == [containerName(of: task)])
            try await orphans.end()
            #expect(try await engine.client.container(containerName(of: task)) == nil)
        }
    }

    @Test(arguments: TestRuntime.engines)
    func `A container whose record was lost is ended before the next placement of its task starts`(
        engine: TestRuntime
    ) async throws {
        try await WorkerWorld.with(engine) { world in
            var task = engine.script("trap 'exit 0' TERM; while :; do sleep 0.1; done")
            try await world.worker(engine) { worker in
                try await worker.assign(task)
                try await worker.task(task.id, reaches: .running)
            }
            try LocalFiles.remove("\(world.directory)/tasks")
            let lost = containerName(of: task)
            task.placement = 2
            try await world.worker(engine) { worker in
                try await worker.assign(task)
                try await worker.task(task.id, reaches: .running)
                #expect(try await engine.client.container(lost) == nil)
                try await worker.stop(task.id, placement: 2)
                try await worker.ended(task.id)
            }
        }
    }

    @Test(.enabled(if: TestRuntime.engines.count > 1, "needs Docker and Podman"), arguments: TestRuntime.engines)
    func `A worker with another engine concludes nothing about the containers of the first one`(
        engine: TestRuntime
    ) async throws {
        let other = try #require(TestRuntime.engines.first { $0 != engine })
        try await WorkerWorld.with(engine) { world in
            let task = engine.script("sleep 1000", stop: StopPolicy(signal: "SIGKILL"))
            try await world.worker(engine) { worker in
                try await worker.assign(task)
                try await worker.task(task.id, reaches: .running)
            }
            try await world.worker(other) { worker in
                try await worker.stop(task.id)
                try await worker.task(task.id) { $0.message?.contains("another engine") == true }
            }
            // Without an option, the worker finds the engine that it used before.
            var options = engine.options(world)
            options.engineSocket = nil
            try await world.worker(options: options) { worker in
                let ended = try await worker.ended(task.id)
                #expect(ended.state == .stopped)
            }
        }
    }
}
