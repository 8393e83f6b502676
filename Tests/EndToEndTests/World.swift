import CubeTypes
import Foundation
import Glibc
import Synchronization
import Testing

/// The end-to-end tests. `.ci/test` runs two at a time, because each starts its own set of processes.
@Suite enum EndToEndTests {}

/// A scratch directory in which the real programs run: manifests, a data directory, and outside of it a ledger to which
/// the tasks themselves append. The ledger is the evidence of what really ran.
final class World {
    let directory: URL
    var manifests: URL { directory.appending(path: "manifests") }
    var data: URL { directory.appending(path: "data") }
    /// The directory of the ledger. It contains nothing else, so that it can be mounted into containers.
    var evidence: URL { directory.appending(path: "evidence") }
    var ledger: Ledger { Ledger(file: evidence.appending(path: "ledger")) }
    /// A short path, because the path of a socket is limited to 108 bytes.
    func socket(_ name: String) -> String { directory.appending(path: name + ".sock").path }
    private var programs: [Program] = []
    /// The container engine that the programs use; `nil` for the usual one of the machine.
    var engineSocket: String?
    /// The image in which the tasks run, if they are containers. They write their ledger through a bind mount.
    var image: String?

    private init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "cube-e2e-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: manifests, withIntermediateDirectories: true)
        try FileManager.default.createDirectory(at: evidence, withIntermediateDirectories: true)
        try Data().write(to: evidence.appending(path: "ledger"))
    }

    /// Creates a world for the duration of a test, and removes all its programs, tasks and files afterwards.
    static func with(_ test: (World) async throws -> Void) async throws {
        let world = try World()
        do {
            try await test(world)
        } catch {
            try await world.close()
            throw error
        }
        try await world.close()
    }

    /// Ends all programs of this world, but not its tasks.
    func endPrograms(by signal: Int32 = SIGTERM) async {
        for program in programs where program.isRunning { program.kill(signal) }
        for program in programs { await program.ended() }
    }

    private func close() async throws {
        await endPrograms(by: SIGKILL)
        // A worker on "another machine" has a data directory of its own.
        let others = try FileManager.default.contentsOfDirectory(atPath: directory.path)
            .map { directory.appending(path: $0) }
            .filter { $0 != data && FileManager.default.fileExists(atPath: $0.appending(path: "worker").path) }
        for place in [data] + others {
            // Renamed first: during the removal file by file, a supervisor might write into the directory.
            if FileManager.default.fileExists(atPath: place.path) {
                try FileManager.default.moveItem(at: place, to: place.appendingPathExtension("taken"))
            }
            let down = try await run("down", "--orphans", "--yes", "--data-dir", place.path)
            #expect(down.status == 0, "\(down.standardError)")
        }
        try FileManager.default.removeItem(at: directory)
    }

    // MARK: Manifests

    func write(_ name: String, text: String) throws {
        try Data(text.utf8).write(to: manifests.appending(path: "\(name).json"), options: .atomic)
    }

    func write(_ name: String, _ manifest: [String: Any]) throws {
        var manifest = manifest
        if let image {
            manifest["image"] = image
            manifest["volumes"] = [["source": evidence.path, "target": evidence.path]]
        }
        let data = try JSONSerialization.data(withJSONObject: manifest, options: [.prettyPrinted, .sortedKeys])
        try write(name, text: String(decoding: data, as: UTF8.self))
    }

    func remove(_ name: String) throws {
        try FileManager.default.removeItem(at: manifests.appending(path: "\(name).json"))
    }

    /// Writes the manifest of a service that records its start and its stop in the ledger.
    ///
    /// - Parameter change: sets further fields of the manifest.
    func service(
        _ name: String, version: Int = 1, replicas: Int = 1, _ change: (inout [String: Any]) -> Void = { _ in }
    ) throws {
        let script = """
            ended() { \(ledger.line("end 0")); exit 0; }
            trap ended TERM
            \(ledger.line("start"))
            while :; do sleep 0.1 & wait $!; done
            """
        var manifest: [String: Any] = [
            "name": name, "replicas": replicas, "env": ["VERSION": "\(version)"], "update": ["min_healthy": "0s"],
            "command": ["sh", "-c", script],
        ]
        change(&manifest)
        try write(name, manifest)
    }

    /// Writes the manifest of a job that runs for a while and exits with a code.
    ///
    /// - Parameter gate: a file; if given, the job runs until the file exists.
    func job(_ name: String, version: Int = 1, exitCode: Int, gate: URL? = nil) throws {
        let wait = gate.map { "until [ -e '\($0.path)' ]; do sleep 0.05; done" } ?? "sleep 0.3"
        let script = "\(ledger.line("start")); \(wait); \(ledger.line("end \(exitCode)")); exit \(exitCode)"
        try write(
            name,
            [
                "name": name, "kind": "job", "env": ["VERSION": "\(version)"], "restart": ["policy": "never"],
                "command": ["sh", "-c", script],
            ])
    }

    // MARK: Programs

    /// Starts `cube` and leaves it running.
    @discardableResult
    func start(_ arguments: String...) throws -> Program { try start(arguments) }

    /// - Parameter prefix: a command prefix, such as `env NAME=VALUE`.
    @discardableResult
    func start(_ arguments: [String], through prefix: [String] = []) throws -> Program {
        let program = try Program(arguments, through: prefix, in: self)
        programs.append(program)
        return program
    }

    /// Runs `cube` to its end, with the manifests and the data directory of this world.
    func run(_ arguments: String...) async throws -> Output { try await run(arguments) }

    /// - Parameter prefix: a command prefix, such as ``withoutPrivileges``.
    func run(_ arguments: [String], through prefix: [String] = []) async throws -> Output {
        let program = try start(arguments, through: prefix)
        let status = await program.ended()
        return Output(
            status: status, standardOutput: program.text(of: "out"), standardError: program.text(of: "err"))
    }

    struct Output {
        var status: Int32
        var standardOutput: String
        var standardError: String
    }

    // MARK: Looking

    /// Returns the address of a part of this world, once it listens.
    func address(_ part: String) -> String? { json(at: "run/addresses.json")?[part] as? String }

    /// What all programs of this world have logged so far.
    func log() -> String { programs.map { $0.text(of: "err") }.joined() }

    func summary() -> [String: Any]? { json(at: "status/summary.json") }
    func workload(_ name: String) -> [String: Any]? { json(at: "status/workloads/\(name).json") }

    func json(at path: String) -> [String: Any]? {
        // The file may not exist yet; the callers wait for it.
        guard let data = try? Data(contentsOf: data.appending(path: path)) else { return nil }
        do { return try JSONSerialization.jsonObject(with: data) as? [String: Any] } catch {
            Issue.record("\(path) does not parse: \(error)")
            return nil
        }
    }

    /// Polls until a condition holds. This is the only place where these tests wait.
    ///
    /// - Throws: ``NotSeen`` with diagnostic output if the condition does not hold within the limit.
    func wait(
        for what: String, within limit: Duration = .seconds(60), sourceLocation: SourceLocation = #_sourceLocation,
        until condition: () async throws -> Bool
    ) async throws {
        let deadline = ContinuousClock.now + limit
        while try await !condition() {
            guard ContinuousClock.now < deadline else {
                // The message mentions a missing summary.
                let summary = try? String(contentsOf: data.appending(path: "status/summary.json"), encoding: .utf8)
                let errors = programs.map { "\($0.arguments): \($0.text(of: "err").suffix(6000))" }
                throw NotSeen(
                    what: what, summary: summary ?? "no summary", ledger: try ledger.text(),
                    errors: errors.joined(separator: "\n"))
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    struct NotSeen: Error, CustomStringConvertible {
        var what, summary, ledger, errors: String
        var description: String { "timed out waiting for: \(what)\n\(summary)\nledger:\n\(ledger)\nstderr:\n\(errors)" }
    }
}

/// A running `cube`, with its output in files.
///
/// It is started with `posix_spawn` because the tasks outlive the program: Foundation's `Process` considers a program
/// alive as long as its tasks are.
final class Program: Sendable {
    let arguments: [String]
    private let id: pid_t
    private let end = End()
    private let prefix: URL

    /// The directory of the programs, next to the test bundle.
    private static let directory = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()

    fileprivate init(_ arguments: [String], through wrapper: [String] = [], in world: World) throws {
        self.arguments = arguments
        prefix = world.directory.appending(path: "program-\(UUID().uuidString.prefix(8))")
        let environment = [
            "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": world.directory.path,
            "CUBE_MANIFESTS": world.manifests.path,
            "CUBE_DATA_DIR": world.data.path,
        ].merging(world.engineSocket.map { ["DOCKER_HOST": "unix://\($0)"] } ?? [:]) { $1 }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, "\(prefix.path).out", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, "\(prefix.path).err", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        // The tests themselves may have been started by nohup(1).
        var defaults = sigset_t()
        sigemptyset(&defaults)
        sigaddset(&defaults, SIGHUP)
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        let program = Self.directory.appending(path: "cube").path
        let shell = ["sh", "-c", #"cd "$0" && exec "$@""#, world.directory.path]
        let words = (shell + wrapper + [program] + arguments).map { strdup($0) } + [nil]
        let variables = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for text in words + variables { free(text) } }
        var id = pid_t()
        let error = posix_spawn(&id, "/bin/sh", &actions, &attributes, words, variables)
        guard error == 0 else { throw POSIXError(POSIXErrorCode(rawValue: error) ?? .EIO) }
        self.id = id
        let child = id
        Thread.detachNewThread { [end] in
            var status: Int32 = 0
            while waitpid(child, &status, 0) < 0, errno == EINTR {}
            let signal = status & 0x7f
            end.come(signal == 0 ? (status >> 8) & 0xff : -signal)
        }
    }

    var isRunning: Bool { end.status == nil }

    func kill(_ signal: Int32) { if isRunning { Glibc.kill(id, signal) } }

    /// Whether all threads of the program are suspended. `SIGSTOP` is sent at once, but takes effect later.
    var isSuspended: Bool {
        // A process that has ended has no threads and is not suspended.
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(id)/task")) ?? []
        return !threads.isEmpty
            && threads.allSatisfy { thread in
                // The state follows the name, which is in parentheses. A thread that has ended counts as suspended.
                guard let stat = try? String(contentsOfFile: "/proc/\(id)/task/\(thread)/stat", encoding: .utf8) else {
                    return true
                }
                return stat.drop { $0 != ")" }.dropFirst(2).first == "T"
            }
    }

    /// Waits for the program to end and returns its exit status, or the negated signal number.
    ///
    /// - Parameter limit: the time limit. A program that exceeds it is killed and its test fails. Otherwise, the
    ///   following tests would wait for it.
    @discardableResult
    func ended(within limit: Duration = .seconds(300)) async -> Int32 {
        // An unstructured task, so that the limit applies even after the test was cancelled.
        let limiting = Task {
            do {
                try await Task.sleep(for: limit)
            } catch {
                // The program has ended.
                return
            }
            guard isRunning else { return }
            Issue.record("cube \(arguments.joined(separator: " ")) has not ended within \(limit)")
            kill(SIGKILL)
        }
        let status = await end.wait()
        limiting.cancel()
        await limiting.value
        return status
    }

    /// Returns the present content of `out` or `err`.
    func text(of stream: String) -> String {
        // Unreadable output counts as empty. A test that needs it fails by its own expectation.
        (try? String(contentsOfFile: "\(prefix.path).\(stream)", encoding: .utf8)) ?? ""
    }
}

/// The exit status of a program, once it has ended.
private final class End: Sendable {
    private struct State {
        var status: Int32?
        var waiting: [CheckedContinuation<Int32, Never>] = []
    }

    private let state = Mutex(State())

    var status: Int32? { state.withLock(\.status) }

    func come(_ status: Int32) {
        let waiting = state.withLock { state in
            state.status = status
            return state.waiting
        }
        for continuation in waiting { continuation.resume(returning: status) }
    }

    func wait() async -> Int32 {
        await withCheckedContinuation { continuation in
            let status = state.withLock { state in
                if state.status == nil { state.waiting.append(continuation) }
                return state.status
            }
            if let status { continuation.resume(returning: status) }
        }
    }
}
