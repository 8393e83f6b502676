import ArgumentParser
import CubeErrors
import CubeManagerClient
import CubeSystem
import CubeTransport
import CubeTypes
import FoundationEssentials
import Glibc
import Logging
import Synchronization

/// A directory of manifests on which `cube up` runs: the program beside this one.
final class RunningCube {
    let directory: String
    let process: pid_t
    /// How long it took until the first summary was there.
    private(set) var startMilliseconds = 0.0

    /// Starts `cube up` and waits until it has looked at the manifests.
    ///
    /// - Parameter manifests: texts by the names of their files.
    convenience init(manifests: [String: String] = [:]) async throws {
        let directory = try Self.newDirectory()
        try FileManager.default.createDirectory(atPath: "\(directory)/manifests", withIntermediateDirectories: true)
        for (name, text) in manifests { try Data(text.utf8).write(to: URL(filePath: "\(directory)/manifests/\(name)")) }
        try await self.init(in: directory, manifests: "\(directory)/manifests")
    }

    /// Starts `cube up` on a directory of manifests that exists.
    convenience init(of manifests: String) async throws {
        try await self.init(in: try Self.newDirectory(), manifests: manifests)
    }

    private init(in directory: String, manifests: String) async throws {
        self.directory = directory
        let log = open("\(directory)/log", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(log) }
        var spawn = Spawn(
            try Self.program("cube"),
            ["up", "--manifests", manifests, "--data-dir", "\(directory)/data", "--runtime", "process"],
            environment: ["PATH=/usr/bin:/bin", "HOME=\(directory)"])
        spawn.isApart = true
        (spawn.output, spawn.errors) = (.descriptor(log), .descriptor(log))
        let start = ContinuousClock.now
        process = try spawn.start()
        try await wait(for: "the first status") { summary != nil }
        startMilliseconds = (ContinuousClock.now - start) / .milliseconds(1)
    }

    /// Creates a directory for a benchmark.
    static func newDirectory() throws -> String {
        let directory =
            FileManager.default.temporaryDirectory.appending(path: "cube-bench-\(UUID().uuidString.prefix(8))").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        directories.withLock { $0.append(directory) }
        return directory
    }

    /// Returns the path of a program that was built with this one.
    static func program(_ name: String) throws -> String {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let path = URL(filePath: own).deletingLastPathComponent().appending(path: name).path
        guard access(path, X_OK) == 0 else {
            throw ValidationError("\(path) is missing: build the product \(name) too")
        }
        return path
    }

    /// Writes a manifest and renames it into place.
    ///
    /// - Returns: The time of the rename.
    @discardableResult
    func declare(_ name: String, _ text: String) throws -> ContinuousClock.Instant {
        let (new, path) = ("\(directory)/new", "\(directory)/manifests/\(name)")
        try Data(text.utf8).write(to: URL(filePath: new))
        let now = ContinuousClock.now
        guard rename(new, path) == 0 else { throw ValidationError("cannot rename \(new)") }
        return now
    }

    func client() throws -> ManagerClient {
        var options = ClientOptions()
        options.logger = Logger(label: "cube-bench") { _ in SwiftLogNoOpLogHandler() }
        return ManagerClient(
            endpoint: try Endpoint(checking: Self.managerURL(in: directory), field: "addresses.json"),
            token: try Self.token("read", in: directory), options: options)
    }

    /// The address of the manager that runs on the data of a benchmark.
    static func managerURL(in directory: String) throws -> String {
        struct Addresses: Decodable { var manager: String }
        return try JSONDecoder().decode(
            Addresses.self, from: Data(contentsOf: URL(filePath: "\(directory)/data/run/addresses.json"))
        ).manager
    }

    /// The token of a role.
    static func token(_ role: String, in directory: String) throws -> String {
        let text = try String(contentsOfFile: "\(directory)/data/tokens/\(role)", encoding: .utf8)
        return String(text.prefix { $0 != "\n" })
    }

    /// The processor time that `cube up` has used so far.
    func processorSeconds() throws -> Double { try usage().processorSeconds }

    func usage() throws -> ProcessUsage { try ProcessUsage(of: Int(process)) }

    /// The processes that a process started, and those that they started. Supervisors count, although they are apart.
    static func descendants(of process: pid_t) throws -> [Int] {
        let all = try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int($0) }
        // A process may end in the meantime.
        let parents = Dictionary(uniqueKeysWithValues: all.map { ($0, (try? ProcessUsage.parent(of: $0)) ?? nil) })
        return all.filter { one in
            var ancestor = parents[one] ?? nil
            while let next = ancestor, next != Int(process) { ancestor = parents[next] ?? nil }
            return ancestor == Int(process)
        }
    }

    /// The summary of the status; `nil` if there is none yet.
    private var summary: Data? { try? Data(contentsOf: URL(filePath: "\(directory)/data/status/summary.json")) }

    func wait(
        for what: String, atMost limit: Duration = .seconds(60), until condition: () async throws -> Bool
    ) async throws {
        try await Self.wait(for: what, in: directory, atMost: limit, until: condition)
    }

    static func wait(
        for what: String, in directory: String, atMost limit: Duration = .seconds(60),
        until condition: () async throws -> Bool
    ) async throws {
        let start = ContinuousClock.now
        while ContinuousClock.now - start < limit {
            if try await condition() { return }
            try await Task.sleep(for: .milliseconds(2))
        }
        throw ValidationError("\(what) did not come within \(limit); see \(directory)/log")
    }

    /// Stops the tasks and `cube up`.
    ///
    /// The directory stays until ``removeDirectories()``: ext4 looks for inodes that were not deleted lately, so that the files of the
    /// next repetition would take longer.
    func end() throws {
        let down = try Spawn(
            try Self.program("cube"), ["down", "--data-dir", "\(directory)/data", "--timeout", "10m"],
            environment: ["PATH=/usr/bin:/bin"]
        ).start()
        var status: CInt = 0
        waitpid(down, &status, 0)
        kill(process, SIGTERM)
        waitpid(process, nil, 0)
        guard status == 0 else { throw ValidationError("tasks in \(directory) are still running") }
    }

    private static let directories = Mutex<[String]>([])

    /// Removes the directories of all benchmarks of this program.
    static func removeDirectories() throws {
        for directory in directories.withLock({ $0 }) { try FileManager.default.removeItem(atPath: directory) }
        directories.withLock { $0 = [] }
    }
}
