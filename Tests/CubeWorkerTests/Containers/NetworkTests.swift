import CubeCore
import CubeErrors
import CubeTesting
import CubeTypes
import Foundation
import Glibc
import Testing

@testable import CubeWorker

/// The networks of containers.
@Suite(
    .timeLimit(.minutes(2)),
    .enabled(if: !TestRuntime.engines.isEmpty, "needs a container engine: run .ci/with-engines"))
struct NetworkTests {
    private let network = NetworkName(rawValue: "internal")!
    private let server = "mkdir -p /www; echo served >/www/index.html; exec httpd -f -p 8080 -h /www"

    /// Returns a task of a name, which runs until it is killed.
    private func task(
        _ name: String, _ script: String, on engine: TestRuntime, _ change: (inout TaskDefinition) -> Void = { _ in }
    ) -> TaskAssignment {
        let policy = RestartPolicy(policy: .always, backoff: .milliseconds(100))
        return engine.script(script, restart: policy, stop: StopPolicy(signal: "SIGKILL")) {
            $0.name = WorkloadName(rawValue: name)!
            change(&$0)
        }
    }

    /// Whether an engine has a network.
    private func exists(_ name: String, on engine: TestRuntime) async throws -> Bool {
        try await engine.client.unlessMissing { try await engine.client.send(.get("/networks/\(name)")) } != nil
    }

    @Test(arguments: TestRuntime.engines)
    func `Containers in one network reach each other by the names of their workloads, and the network goes with them`(
        engine: TestRuntime
    ) async throws {
        try await WorkerWorld.with(engine) { world in
            let joining: (inout TaskDefinition) -> Void = {
                $0.network.join = [network, NetworkName(rawValue: "other")!]
            }
            let db = task("db", server, on: engine, joining)
            // Podman resolves names only where one of its resolvers is installed.
            let hasNames = engine == .docker || access("/usr/lib/podman/aardvark-dns", X_OK) == 0
            let web = task(
                "web", "until wget -q -O- http://db:8080/ 2>/dev/null; do sleep 1; done; sleep 1000", on: engine,
                joining)
            let names = db.definition.network.join.map { ContainerNetwork($0, of: db, on: world.name).name }
            try await world.worker(engine) { worker in
                for task in [db, web] {
                    try await worker.assign(task)
                    try await worker.task(task.id, reaches: .running)
                }
                for name in names { #expect(try await exists(name, on: engine)) }
                for (task, container) in [(db, containerName(of: db)), (web, containerName(of: web))] {
                    let aliases = try await aliases(of: container, on: engine)
                    #expect(aliases.keys.sorted() == names.sorted())
                    for own in aliases.values {
                        #expect(own.contains("\(task.definition.name)") && own.contains("\(task.definition.name)-3"))
                    }
                }
                if hasNames { try await worker.output(web.id, shows: "served") }
                try await worker.stop(db.id)
                try await worker.ended(db.id)
                for name in names { #expect(try await exists(name, on: engine)) }
                try await worker.stop(web.id)
                try await worker.ended(web.id)
                for name in names { try await eventually { try await !exists(name, on: engine) } }
            }
        }
    }

    /// Returns the names of a container in each of its networks.
    private func aliases(of container: String, on engine: TestRuntime) async throws -> [String: [String]] {
        struct Description: Decodable, Sendable {
            struct Settings: Decodable, Sendable { var networks: [String: Attachment] }
            struct Attachment: Decodable, Sendable { var aliases: [String]? }
            var networkSettings: Settings
        }
        let description: Description = try await engine.client.send(.get("/containers/\(container)/json"))
        return description.networkSettings.networks.mapValues { $0.aliases ?? [] }
    }

    @Test(arguments: TestRuntime.engines)
    func `A network that someone else created is neither used nor removed`(engine: TestRuntime) async throws {
        struct Creation: Encodable { var name: String }
        try await WorkerWorld.with(engine) { world in
            let task = engine.script("echo started") { $0.network.join = [network] }
            let name = ContainerNetwork(network, of: task, on: world.name).name
            try await engine.client.send(try .post("/networks/create", json: Creation(name: name)))
            try await world.worker(engine) { worker in
                try await worker.assign(task)
                let end = try await worker.ended(task.id)
                #expect(end.state == .failed && end.message?.contains("was not created by this worker") == true)
            }
            #expect(try await exists(name, on: engine))
            try await engine.client.send(.delete("/networks/\(name)"))
        }
    }

    @Test(arguments: TestRuntime.engines)
    func `A container in the network of its node listens on a port of the node, where its checks reach it`(
        engine: TestRuntime
    ) async throws {
        try await WorkerWorld.with(engine) { world in
            var task = task(
                "web", "mkdir -p /www; echo hi >/www/index.html; exec httpd -f -p $PORT_HTTP -h /www", on: engine
            ) {
                $0.network.mode = .host
                $0.ports = [PortSpec(name: "http")]
                $0.health.ready = HealthCheck(
                    http: HTTPProbe(port: .name("http")), interval: .milliseconds(50), startPeriod: .seconds(30))
            }
            task.ports = ["http": 20_100 + Int.random(in: 0..<10_000)]
            var options = engine.options(world)
            options.allowances = NodeAllowances(hostNetwork: true)
            try await world.worker(options: options) { worker in
                try await worker.assign(task)
                try await worker.task(task.id) { $0.ready }
                let check = HTTPCheck(
                    probe: HTTPProbe(port: .number(0)),
                    target: ProbeTarget(host: "127.0.0.1", port: task.ports["http"]!))
                #expect(try await check.status(within: .seconds(10), TLSContexts()) == 200)
                try await worker.stop(task.id)
                try await worker.ended(task.id)
            }
            let refused = engine.script("echo started") { $0.network.mode = .host }
            try await world.worker(engine) { worker in
                try await worker.assign(refused)
                let end = try await worker.ended(refused.id)
                #expect(end.reason == .startFailed && end.message?.contains("--allow-host-network") == true)
            }
        }
    }

    @Test(arguments: TestRuntime.engines)
    func `A container whose network is gone is not taken for one whose image is missing`(
        engine: TestRuntime
    ) async throws {
        try await WorkerWorld.with(engine) { world in
            let app = task("app", "sleep 1000", on: engine) {
                $0.network.of = "vpn"
                $0.pull.policy = .never
            }
            try await world.worker(engine) { worker in
                let runtime = await worker.service.runtime
                func run(of task: TaskID) -> RunIdentity {
                    RunIdentity(
                        task: task, placement: 1, number: 1, boot: runtime.boot, runtime: .docker, slot: "app-0")
                }
                try FileManager.default.createDirectory(
                    atPath: world.store.runs(of: app.id), withIntermediateDirectories: true)
                let missing = TaskID(rawValue: "00000000-0000-5000-8000-000000000000")!
                let state = try await runtime.start(
                    run(of: app.id), of: app, isPulled: false, networkOf: run(of: missing))
                guard case .ended(.startFailed(let message)) = state else {
                    Issue.record("\(state)")
                    return
                }
                #expect(!message.contains("image"), "\(message)")
            }
        }
    }

    @Test(arguments: TestRuntime.engines)
    func `A container that uses the network of another waits for it, and starts again when the other one is replaced`(
        engine: TestRuntime
    ) async throws {
        try await WorkerWorld.with(engine) { world in
            let vpn = task("vpn", server, on: engine)
            let app = task(
                "app", "until wget -q -O- http://127.0.0.1:8080/ 2>/dev/null; do sleep 1; done; sleep 1000", on: engine
            ) {
                $0.network.of = WorkloadName(rawValue: "vpn")!
                $0.health.ready = HealthCheck(
                    tcp: TCPProbe(port: .number(8080)), interval: .milliseconds(50), startPeriod: .seconds(30))
            }
            try await world.worker(engine) { worker in
                try await worker.assign(app)
                try await worker.task(app.id) { $0.message?.contains("waits for vpn") == true }
                try await worker.assign(vpn)
                try await worker.output(app.id, shows: "served")
                try await worker.task(app.id) { $0.ready }
            }
            // Another worker finds both, and ends neither.
            try await world.worker(engine) { worker in
                #expect(try await worker.task(app.id, reaches: .running).run == 1)
                try await engine.client.kill(containerName(of: vpn), signal: "SIGKILL")
                try await worker.task(vpn.id) { $0.run == 2 && $0.state == .running }
                let next = try await worker.task(app.id) { $0.run > 1 && $0.ready }
                #expect(next.restarts >= 1)
                for task in [app, vpn] {
                    try await worker.stop(task.id)
                    try await worker.ended(task.id)
                }
            }
        }
    }
}
