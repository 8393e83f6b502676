import ArgumentParser
import CubeManagerClient
import CubeSystem
import CubeTypes
import Dispatch
import FoundationEssentials
import Glibc

/// Measures the time from the rename of a manifest until its task is accepted and durable, and until its process runs.
struct ReactionBenchmark {
    /// The number of manifests beside those that are measured; they are suspended.
    var loaded: Int
    var repetitions: Int

    /// Times in milliseconds, of all repetitions.
    struct Times {
        var accepted: [Double] = []
        var running: [Double] = []
        /// Seconds of processor time for each second until a process ran.
        var cores = 0.0
    }

    func figures() async throws -> [Figure] {
        let (times, floor) = try await run()
        let beside = loaded == 0 ? "" : ", beside \(loaded) manifests"
        return [
            Figure(
                id: "e", name: "rename until accepted\(beside)", times: times.accepted, cores: times.cores,
                against: "inotify, loopback, fdatasync", floor: floor.accepted, aim: (median: 3, p99: 15)),
            Figure(
                id: "e1", name: "rename until it runs\(beside)", times: times.running, cores: times.cores,
                against: "the same and a shell", floor: floor.running, aim: (median: 10, p99: 30)),
        ]
    }

    private func run() async throws -> (cube: Times, floor: Times) {
        let cube = try await RunningCube(
            manifests: Dictionary(
                uniqueKeysWithValues: (0..<loaded).map {
                    ("idle-\($0).json", #"{"name": "idle-\#($0)", "command": ["true"], "suspend": true}"#)
                }))
        do {
            let times = try await measure(cube)
            try cube.end()
            return times
        } catch {
            try cube.end()
            throw error
        }
    }

    private func measure(_ cube: RunningCube) async throws -> (cube: Times, floor: Times) {
        let client = try cube.client()
        let signals = try ProcessSignals(at: "\(cube.directory)/started")
        let floor = try ReactionFloor(in: "\(cube.directory)/floor", signals: signals)
        var (times, floors) = (Times(), Times())
        // A status that is written means that everything has started.
        try await cube.wait(for: "a quiet start") { try await client.page(owner: .default).revision > 0 }
        try await Task.sleep(for: .seconds(1))
        let before = try cube.processorSeconds()
        for number in 0..<repetitions {
            let position = try await client.page(owner: .default, limit: 1)
            var since = position.revision
            let command = #"["sh", "-c", "echo > \#(signals.path); exec sleep 100000"]"#
            let start = try cube.declare("task-\(number).json", #"{"name": "task-\#(number)", "command": \#(command)}"#)
            while true {
                let changes = try await client.changes(
                    owner: .default, since: since, term: position.term, wait: .seconds(10))
                since = changes.revision
                if !changes.changed.isEmpty { break }
            }
            times.accepted.append((ContinuousClock.now - start) / .milliseconds(1))
            times.running.append((await signals.next() - start) / .milliseconds(1))
            let one = try await floor.measure()
            floors.accepted.append(one.accepted)
            floors.running.append(one.running)
            try await Task.sleep(for: .milliseconds(200))
        }
        times.cores = (try cube.processorSeconds() - before) / (times.running.reduce(0, +) / 1000)
        return (times, floors)
    }
}

/// Receives a line from each process that has started, through a named pipe.
final class ProcessSignals: Sendable {
    let path: String
    private let times: AsyncStream<ContinuousClock.Instant>

    init(at path: String) throws {
        self.path = path
        guard mkfifo(path, 0o600) == 0 else { throw ValidationError("cannot create \(path)") }
        let pipe = open(path, O_RDWR | O_CLOEXEC)
        let (times, continuation) = AsyncStream.makeStream(of: ContinuousClock.Instant.self)
        self.times = times
        // The pipe stays open, so the thread lives as long as the program.
        DispatchQueue(label: "cube-bench-signals").async {
            var byte: UInt8 = 0
            while read(pipe, &byte, 1) == 1 { continuation.yield(.now) }
        }
    }

    /// The time of the next line.
    func next() async -> ContinuousClock.Instant {
        for await time in times { return time }
        preconditionFailure("The thread reads until the program ends")
    }
}

/// What a reaction needs at least: a wake-up by inotify, a request over loopback, a durable write, and the start of a shell.
final class ReactionFloor {
    private let directory: String
    private let signals: ProcessSignals
    private let watch: CInt
    private let sockets: (client: CInt, server: CInt)
    private let file: CInt

    init(in directory: String, signals: ProcessSignals) throws {
        self.directory = directory
        self.signals = signals
        try FileManager.default.createDirectory(atPath: "\(directory)/watched", withIntermediateDirectories: true)
        watch = inotify_init1(CInt(IN_CLOEXEC))
        inotify_add_watch(watch, "\(directory)/watched", UInt32(IN_MOVED_TO))
        sockets = try Self.connectedSockets()
        file = open("\(directory)/durable", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        let server = sockets.server
        DispatchQueue(label: "cube-bench-echo").async {
            var request = [UInt8](repeating: 0, count: 1024)
            while read(server, &request, request.count) > 0 { write(server, request, request.count) }
        }
    }

    func measure() async throws -> (accepted: Double, running: Double) {
        try Data("{}".utf8).write(to: URL(filePath: "\(directory)/new"))
        let start = ContinuousClock.now
        rename("\(directory)/new", "\(directory)/watched/file")
        var buffer = [UInt8](repeating: 0, count: 4096)
        guard read(watch, &buffer, buffer.count) > 0 else { throw ValidationError("inotify fails") }
        write(sockets.client, buffer, 1024)
        var received = 0
        while received < 1024 { received += max(read(sockets.client, &buffer, 1024), 1) }
        write(file, buffer, 4096)
        fdatasync(file)
        let accepted = ContinuousClock.now - start
        let shell = try Spawn("/bin/sh", ["-c", "echo > \(signals.path)"], environment: []).start()
        let running = await signals.next() - start
        waitpid(shell, nil, 0)
        return (accepted / .milliseconds(1), running / .milliseconds(1))
    }

    /// Two ends of a TCP connection over loopback.
    private static func connectedSockets() throws -> (client: CInt, server: CInt) {
        let listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        let client = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                guard bind(listener, address, length) == 0, listen(listener, 1) == 0,
                    getsockname(listener, address, &length) == 0
                else { return CInt(-1) }
                return connect(client, address, length)
            }
        }
        guard result == 0 else { throw ValidationError("cannot connect over loopback") }
        var isOn: CInt = 1
        setsockopt(client, CInt(IPPROTO_TCP), TCP_NODELAY, &isOn, socklen_t(MemoryLayout<CInt>.size))
        return (client, accept(listener, nil, nil))
    }
}
