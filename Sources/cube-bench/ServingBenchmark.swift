import ArgumentParser
import CubeSystem
import CubeTypes
import FoundationEssentials
import Glibc

/// Measures how many requests a manager answers, beside a server on Hummingbird that only answers.
struct ServingBenchmark {
    /// The number of requests of a repetition.
    var requests: Int
    var repetitions: Int

    private static let connections = 64

    /// The operations of a batch.
    private var batch: Int { min(100, max(requests / Self.connections, 1)) }

    /// Figures i (schedules) and j (reads).
    func figures() async throws -> [Figure] {
        let manager = try await RunningManager()
        do {
            let figures = try await measure(manager)
            manager.end()
            return figures
        } catch {
            manager.end()
            throw error
        }
    }

    private func measure(_ manager: RunningManager) async throws -> [Figure] {
        let form = RequestForm(token: manager.token)
        let load = RequestLoad(port: manager.port, connections: Self.connections)
        let path = "/api/v1/manager/tasks"
        var (singles, batches, gets, pages) = (Samples(), Samples(), Samples(), Samples())
        var hello = try await HelloProcess(length: 5, in: manager.directory)
        for _ in 0..<repetitions {
            let definitions = try (0..<requests).map { _ in try Self.definition() }
            try singles.add(of: manager) {
                try load.send(definitions.map { form.post(path, $0) })
            } floor: {
                try RequestLoad(port: hello.port, connections: Self.connections)
                    .send(definitions.map { form.post("/", $0) })
            }
            let operations = try (0..<max(requests / batch, Self.connections)).map { _ in
                try Self.batch(of: batch)
            }
            let length = operations.count * batch
            try batches.add(of: manager, operations: length) {
                try load.send(operations.map { form.post("\(path)/batch", $0) })
            } floor: {
                try RequestLoad(port: hello.port, connections: Self.connections)
                    .send(operations.map { form.post("/", $0) })
            }
        }
        // The tasks of the first page.
        let first = try RequestLoad(port: manager.port, connections: 1).send([form.get("\(path)?limit=1000")]).answer
        let ids = try JSONDecoder().decode(Page.self, from: Data(first)).tasks.map(\.id)
        for _ in 0..<repetitions {
            try gets.add(of: manager) {
                try load.send((0..<requests).map { form.get("\(path)/\(ids[$0 % ids.count])") })
            } floor: {
                try RequestLoad(port: hello.port, connections: Self.connections)
                    .send((0..<requests).map { _ in form.get("/") })
            }
        }
        hello.end()
        hello = try await HelloProcess(length: first.count, in: manager.directory)
        let few = max(requests / 100, 10)
        for _ in 0..<repetitions {
            try pages.add(of: manager) {
                try load.send((0..<few).map { _ in form.get("\(path)?limit=1000") })
            } floor: {
                try RequestLoad(port: hello.port, connections: Self.connections)
                    .send((0..<few).map { _ in form.get("/") })
            }
        }
        hello.end()
        return [
            singles.figure("i", "durable schedules, 64 callers", aim: "≥ 15,000/s, p99 ≤ 20 ms") {
                $0 >= 15_000 && $1 <= 20
            },
            batches.figure("i1", "the same in batches of \(batch)", aim: "≥ 25,000/s") { rate, _ in rate >= 25_000
            },
            gets.figure("j", "GET of one task, 64 connections", aim: "≥ 0.8 ×", isMetBy: 0.8),
            pages.figure("j1", "GET of a page of \(ids.count) tasks", aim: "≥ 0.8 ×", isMetBy: 0.8),
        ]
    }

    private struct Page: Decodable {
        struct Task: Decodable { var id: String }
        var tasks: [Task]
    }

    private static func task() throws -> TaskDefinition {
        let name = try WorkloadName(checking: "bench-\(UUID().uuidString.lowercased())", field: "name")
        var definition = TaskDefinition(name: name, command: ["/usr/bin/web", "--port", "$(PORT_HTTP)"])
        definition.env = ["LOG_LEVEL": "info", "SHARD": "7"]
        definition.resources = ResourceSpec(millicores: 100, memory: 64 << 20)
        return definition
    }

    private static func definition() throws -> [UInt8] { Array(try JSONEncoder().encode(task())) }

    private static func batch(of count: Int) throws -> [UInt8] {
        let operations = try (0..<count).map { _ in BatchOperation.definition(try task()) }
        return Array(try JSONEncoder().encode(BatchRequest(owner: .manual, operations: operations)))
    }
}

/// The repetitions of a measurement, and of its floor.
private struct Samples {
    private var rates: [Double] = []
    private var floors: [Double] = []
    private var times: [Double] = []
    private var processorSeconds = 0.0
    private var seconds = 0.0

    mutating func add(
        of manager: RunningManager, operations: Int? = nil, _ load: () throws -> RequestLoad.Result,
        floor: () throws -> RequestLoad.Result
    ) throws {
        let before = try ProcessUsage(of: Int(manager.process)).processorSeconds
        let start = ContinuousClock.now
        let result = try load()
        let passed = (ContinuousClock.now - start) / .seconds(1)
        processorSeconds += try ProcessUsage(of: Int(manager.process)).processorSeconds - before
        seconds += passed
        let each = operations.map { Double($0) / Double(result.times.count) } ?? 1
        rates.append(result.perSecond * each)
        times += result.times
        floors.append(try floor().perSecond * each)
    }

    func figure(
        _ id: String, _ name: String, aim: String, isMet: (_ rate: Double, _ p99: Double) -> Bool
    ) -> Figure {
        let slowest = times.sorted()[times.count * 99 / 100]
        return Figure(
            id: id, name: name, figure: rates.median, p99: slowest, unit: "/s", cores: processorSeconds / seconds,
            against: "Hummingbird's hello", floor: floors.median, ratio: rates.median / floors.median, aim: aim,
            met: isMet(rates.median, slowest))
    }

    func figure(_ id: String, _ name: String, aim: String, isMetBy ratio: Double) -> Figure {
        let reached = rates.median / floors.median
        return figure(id, name, aim: aim) { _, _ in reached >= ratio }
    }
}

/// ``HelloServer`` as a process.
private struct HelloProcess {
    let port: Int
    private let process: pid_t

    init(length: Int, in directory: String) async throws {
        let file = "\(directory)/hello-\(length)"
        process = try Spawn(
            try RunningCube.program("cube-bench"), ["hello", "--port-file", file, "--length", "\(length)"],
            environment: ["PATH=/usr/bin:/bin"]
        ).start()
        try await RunningCube.wait(for: "the port of the peer", in: directory) { access(file, R_OK) == 0 }
        guard let port = Int(try String(contentsOfFile: file, encoding: .utf8)) else {
            throw ValidationError("\(file) has no port")
        }
        self.port = port
    }

    func end() {
        kill(process, SIGTERM)
        waitpid(process, nil, 0)
    }
}
