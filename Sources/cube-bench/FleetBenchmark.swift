import ArgumentParser
import CubeErrors
import CubeManagerClient
import CubeOrchestratorClient
import CubeTransport
import CubeTypes
import Glibc
import Logging
import ServiceLifecycle

/// Measures a manager with many workers, which are simulated in this process and speak real HTTP.
struct FleetBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fleet", abstract: "Join simulated workers to a manager and schedule tasks on them.",
        discussion: """
            The manager must be new, and the address must be its Unix socket, which needs no token. The workers listen on
            all addresses of this machine, and ask for no token. Example:
              cube manager --data-dir /tmp/fleet --listen unix:/tmp/fleet.sock &
              cube-bench fleet --manager unix:/tmp/fleet.sock --manager-pid $!
            """)

    @OptionGroup var manager: ManagerOption
    @Option(help: "Process ID of the manager, whose memory and processor time are measured.") var managerPid: Int
    @Option(help: "Number of workers.") var workers = 1000
    @Option(help: "Number of tasks.") var tasks = 20_000
    @Option(help: "Number of concurrent callers that schedule tasks.") var width = 64
    @Option(help: "Port of the workers.") var port = 18_080
    @Option(help: "Seconds for which the idle fleet is watched.") var idle = 30

    func validate() throws {
        for (name, value) in [
            ("workers", workers), ("tasks", tasks), ("width", width), ("port", port), ("idle", idle),
        ] where value < 1 {
            throw ValidationError("--\(name) must be above 0, not \(value)")
        }
        if workers > 65_536 { throw ValidationError("--workers must be at most 65536, not \(workers)") }
    }

    func run() async throws {
        let (endpoint, configuration) = try manager.found()
        let client = ManagerClient(endpoint: endpoint, token: configuration.token, options: configuration.options)
        let fleet = SimulatedFleet(count: workers, port: port)
        let quiet = Logger(label: "cube-bench") { _ in SwiftLogNoOpLogHandler() }
        let server = Task { try await ServiceGroup(services: [fleet.server(logger: quiet)], logger: quiet).run() }
        defer { server.cancel() }
        try await measure("\(workers) workers join, until all are ready") {
            try await register(fleet, at: client)
            try await wait { try await client.metrics().nodes["ready"] == workers }
        }
        try await watchIdle(fleet, "idle with \(workers) workers")
        try await measure("\(tasks) tasks, until all run") {
            try await schedule(at: client)
            try await wait { try await client.metrics().tasks["running"] == tasks }
        }
        try await watchIdle(fleet, "idle with \(tasks) tasks")
        try await measure("all workers restart at once, until all are listed and ready") {
            await fleet.restart()
            try await register(fleet, at: client)
            try await wait {
                let metrics = try await client.metrics()
                let lists = await fleet.lists
                return lists >= workers && metrics.nodes["ready"] == workers && metrics.tasks["running"] == tasks
            }
        }
    }

    private func register(_ fleet: SimulatedFleet, at client: ManagerClient) async throws {
        try await concurrently(workers) { index in _ = try await client.register(try await fleet.info(index)) }
    }

    private func schedule(at client: ManagerClient) async throws {
        let names = try (0..<100).map { try WorkloadName(checking: "bench-\($0)", field: "name") }
        try await concurrently(tasks) { index in
            var definition = TaskDefinition(name: names[index % 100], command: ["sleep", "1000"])
            definition.resources = ResourceSpec(millicores: 100, memory: 64 << 20)
            definition.id = "bench-\(index)"
            _ = try await client.schedule(definition)
        }
    }

    /// Carries out numbered calls, a limited number of them at the same time.
    private func concurrently(_ count: Int, _ call: @Sendable @escaping (Int) async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<count {
                if index >= width { try await group.next() }
                group.addTask { try await call(index) }
            }
            try await group.waitForAll()
        }
    }

    private func wait(_ condition: () async throws -> Bool) async throws {
        while !(try await condition()) { try await Task.sleep(for: .milliseconds(20)) }
    }

    private func watchIdle(_ fleet: SimulatedFleet, _ what: String) async throws {
        let queries = await fleet.queries
        try await measure(what) { try await Task.sleep(for: .seconds(idle)) }
        say("  \(await fleet.queries - queries) queries of the manager")
    }

    private func measure(_ what: String, _ body: () async throws -> Void) async throws {
        let before = try ProcessUsage(of: managerPid)
        let clock = ContinuousClock()
        let time = try await clock.measure(body)
        let after = try ProcessUsage(of: managerPid)
        let seconds = time / .seconds(1)
        let busy = after.processorSeconds - before.processorSeconds
        say(
            "\(what): \(seconds.rounded(3)) s; manager: \(busy.rounded(3)) s of CPU time "
                + "(\((busy / seconds * 100).rounded(1)) %), \(after.residentBytes >> 20) MiB resident, "
                + "\(after.writtenBytes - before.writtenBytes) bytes written")
    }

    /// Prints a line at once, also into a file, because the next figure can take minutes.
    private func say(_ line: String) {
        print(line)
        fflush(nil)
    }
}

extension Double {
    /// The number with a number of decimal places.
    fileprivate func rounded(_ places: Int) -> Double {
        let factor = (0..<places).reduce(1.0) { value, _ in value * 10 }
        return (self * factor).rounded() / factor
    }
}
