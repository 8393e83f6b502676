import ArgumentParser
import CubeErrors
import CubeManagerClient
import CubeSystem
import CubeTransport
import CubeTypes
import FoundationEssentials
import Glibc
import Logging

/// A directory of manifests on which `cube up` runs: the program beside this one.
final class RunningCube {
    let directory: String
    private let process: pid_t

    /// Starts `cube up` and waits until it has looked at the manifests.
    ///
    /// - Parameter manifests: texts by the names of their files.
    init(manifests: [String: String] = [:]) async throws {
        directory =
            FileManager.default.temporaryDirectory.appending(path: "cube-bench-\(UUID().uuidString.prefix(8))").path
        try FileManager.default.createDirectory(atPath: "\(directory)/manifests", withIntermediateDirectories: true)
        for (name, text) in manifests { try Data(text.utf8).write(to: URL(filePath: "\(directory)/manifests/\(name)")) }
        let log = open("\(directory)/log", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(log) }
        var spawn = Spawn(
            try Self.program("cube"),
            ["up", "--manifests", "\(directory)/manifests", "--data-dir", "\(directory)/data", "--runtime", "process"],
            environment: ["PATH=/usr/bin:/bin", "HOME=\(directory)"])
        spawn.isApart = true
        (spawn.output, spawn.errors) = (.descriptor(log), .descriptor(log))
        process = try spawn.start()
        try await wait(for: "the first status") { summary != nil }
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
        struct Addresses: Decodable { var manager: String }
        let addresses = try JSONDecoder().decode(
            Addresses.self, from: Data(contentsOf: URL(filePath: "\(directory)/data/run/addresses.json")))
        let token = try String(contentsOfFile: "\(directory)/data/tokens/read", encoding: .utf8)
        var options = ClientOptions()
        options.logger = Logger(label: "cube-bench") { _ in SwiftLogNoOpLogHandler() }
        return ManagerClient(
            endpoint: try Endpoint(checking: addresses.manager, field: "addresses.json"),
            token: String(token.prefix { $0 != "\n" }), options: options)
    }

    /// The processor time that `cube up` has used so far.
    func processorSeconds() throws -> Double { try ProcessUsage(of: Int(process)).processorSeconds }

    /// The summary of the status; `nil` if there is none yet.
    private var summary: Data? { try? Data(contentsOf: URL(filePath: "\(directory)/data/status/summary.json")) }

    func wait(for what: String, until condition: () async throws -> Bool) async throws {
        for _ in 0..<3000 {
            if try await condition() { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw ValidationError("\(what) did not come within a minute; see \(directory)/log")
    }

    /// Stops the tasks and `cube up`, and removes the directory.
    func end() throws {
        let down = try Spawn(
            try Self.program("cube"), ["down", "--data-dir", "\(directory)/data"], environment: ["PATH=/usr/bin:/bin"]
        ).start()
        waitpid(down, nil, 0)
        kill(process, SIGTERM)
        waitpid(process, nil, 0)
        try FileManager.default.removeItem(atPath: directory)
    }
}
