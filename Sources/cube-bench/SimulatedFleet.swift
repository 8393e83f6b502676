import CubeErrors
import CubeTypes
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle

/// Workers without tasks of their own: they accept every task, report it as running, and answer the blocking queries of their
/// manager over HTTP. They keep everything in memory.
///
/// All share one listener on all addresses, and each registers with a loopback address of its own, 127.1.0.0 and the following ones.
actor SimulatedFleet {
    private struct Worker {
        var incarnation = 1
        var sequence = 0
        var tasks: [TaskID: (task: WorkerTask, sequence: Int)] = [:]
        var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
    }

    private var workers: [Worker]
    private var waits = 0
    /// How many queries and how many complete lists were answered since the fleet was started or restarted.
    private(set) var queries = 0, lists = 0

    let port: Int

    init(count: Int, port: Int) {
        workers = Array(repeating: Worker(), count: count)
        self.port = port
    }

    /// Returns the description with which a worker registers.
    func info(_ index: Int) throws -> WorkerInfo {
        WorkerInfo(
            name: try NodeName(checking: "w\(index)", field: "name"), version: "0.0.0",
            url: "http://127.1.\(index >> 8).\(index & 255):\(port)", runtimes: ["process"],
            capacity: ResourceSpec(millicores: 64_000, memory: 256 << 30, disk: 1 << 40),
            labels: ["zone": "z\(index % 3)"], bootID: "boot-\(index)", incarnation: "\(workers[index].incarnation)")
    }

    /// Gives each worker another process: it keeps its tasks, and its manager has to list them again.
    func restart() {
        (queries, lists) = (0, 0)
        for index in workers.indices {
            workers[index].incarnation += 1
            wake(index)
        }
    }

    // MARK: The server

    /// Serves the part of the worker API that managers call, until shutdown.
    nonisolated func server(logger: Logger) -> some Service {
        let router = Router()
        router.get("/api/v1/worker/tasks") { request, _ in
            let query = request.uri.queryParameters
            return try Self.json(
                await self.list(
                    try Self.index(of: request), since: query["since"].flatMap { Int($0) },
                    incarnation: query["incarnation"].map(String.init),
                    wait: Self.seconds(query["wait"].map(String.init) ?? "0s")))
        }
        router.post("/api/v1/worker/tasks") { request, _ in
            let index = try Self.index(of: request)
            let body = try await request.body.collect(upTo: 8 << 20)
            let assignment = try JSONDecoder().decode(TaskAssignment.self, from: Data(body.readableBytesView))
            return try Self.json(try await self.assign(assignment, to: index), .created)
        }
        router.delete("/api/v1/worker/tasks/{id}") { request, context in
            let index = try Self.index(of: request)
            let id = try TaskID(checking: try context.parameters.require("id"), field: "id")
            return try Self.json(try await self.stop(id, at: index))
        }
        return Application(
            router: router, configuration: .init(address: .hostname("0.0.0.0", port: port)), logger: logger)
    }

    /// Returns the number of the worker that a request is meant for.
    private static func index(of request: Request) throws -> Int {
        let host = request.head.authority?.split(separator: ":").first ?? ""
        let parts = host.split(separator: ".").compactMap { Int($0) }
        guard parts.count == 4 else { throw HTTPError(.badRequest) }
        return parts[2] << 8 | parts[3]
    }

    private static func seconds(_ text: String) -> Duration {
        if text.hasSuffix("ms") { return .milliseconds(Int(text.dropLast(2)) ?? 0) }
        return .seconds(Int(text.dropLast()) ?? 0)
    }

    private static func json(_ value: some Encodable, _ status: HTTPResponse.Status = .ok) throws -> Response {
        let bytes = ByteBuffer(bytes: try JSONEncoder().encode(value))
        return Response(
            status: status, headers: [.contentType: "application/json"], body: ResponseBody(byteBuffer: bytes))
    }

    // MARK: The calls of the manager

    private func list(_ index: Int, since: Int?, incarnation: String?, wait: Duration) async -> WorkerTaskList {
        queries += 1
        let isCurrent = incarnation == "\(workers[index].incarnation)"
        if isCurrent, since == workers[index].sequence, wait > .zero { await pause(index, atMost: wait) }
        let worker = workers[index]
        guard let since, incarnation == "\(worker.incarnation)" else {
            lists += 1
            return WorkerTaskList(
                complete: true, incarnation: "\(worker.incarnation)", sequence: worker.sequence,
                tasks: worker.tasks.values.map(\.task), volumes: [])
        }
        return WorkerTaskList(
            complete: false, incarnation: "\(worker.incarnation)", sequence: worker.sequence,
            tasks: since == worker.sequence ? [] : worker.tasks.values.filter { $0.sequence > since }.map(\.task))
    }

    private func pause(_ index: Int, atMost limit: Duration) async {
        waits += 1
        let key = waits
        let timer = Task {
            // Cancelled when something changes.
            try? await Task.sleep(for: limit)
            self.resume(index, key)
        }
        await withCheckedContinuation { workers[index].waiting[key] = $0 }
        timer.cancel()
    }

    private func resume(_ index: Int, _ key: Int) { workers[index].waiting.removeValue(forKey: key)?.resume() }

    private func wake(_ index: Int) {
        for continuation in workers[index].waiting.values { continuation.resume() }
        workers[index].waiting = [:]
    }

    private func assign(_ assignment: TaskAssignment, to index: Int) throws -> WorkerTask {
        let known = workers[index].tasks[assignment.id]?.task
        if let known, known.placement == assignment.placement { return known }
        guard let digest = assignment.settingsDigest else {
            throw HTTPError(.badRequest, message: "\(assignment.id): no settings_digest")
        }
        let task = WorkerTask(
            id: assignment.id, placement: assignment.placement, run: 1, state: .running, ready: true,
            settingsDigest: digest)
        put(task, at: index)
        return task
    }

    private func stop(_ id: TaskID, at index: Int) throws -> WorkerTask {
        guard var task = workers[index].tasks[id]?.task else { throw HTTPError(.notFound) }
        (task.state, task.ready) = (.stopped, false)
        put(task, at: index)
        return task
    }

    private func put(_ task: WorkerTask, at index: Int) {
        workers[index].sequence += 1
        workers[index].tasks[task.id] = (task, workers[index].sequence)
        wake(index)
    }
}
