import ArgumentParser
import CubeManagerClient
import CubeSystem
import CubeTransport
import CubeTypes
import Glibc
import Logging

/// A manager without workers, on a free port of 127.0.0.1: the program `cube` beside this one.
final class RunningManager {
    let directory: String
    let process: pid_t
    /// The token of the role `write`.
    let token: String
    let port: Int
    let endpoint: Endpoint

    /// Starts a manager in a new directory.
    convenience init() async throws { try await self.init(in: try RunningCube.newDirectory()) }

    /// Starts a manager in a directory that may have the data of an earlier one, and waits until it listens.
    init(in directory: String) async throws {
        let log = open("\(directory)/log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        defer { close(log) }
        var spawn = Spawn(
            try RunningCube.program("cube"), ["manager", "--data-dir", "\(directory)/data", "--listen", "127.0.0.1:0"],
            environment: ["PATH=/usr/bin:/bin", "HOME=\(directory)"])
        spawn.isApart = true
        (spawn.output, spawn.errors) = (.descriptor(log), .descriptor(log))
        (self.directory, process) = (directory, try spawn.start())
        var url: String?
        try await RunningCube.wait(for: "the address of the manager", in: directory, atMost: .seconds(900)) {
            // A manager that ended leaves a file without its address.
            url = try? RunningCube.managerURL(in: directory)
            return url != nil
        }
        token = try RunningCube.token("write", in: directory)
        guard let url, let port = url.split(separator: ":").last.flatMap({ Int($0) }) else {
            throw ValidationError("\(directory)/data/run/addresses.json: \(url ?? "") has no port")
        }
        (self.port, endpoint) = (port, try Endpoint(checking: url, field: "addresses.json"))
    }

    func client() -> ManagerClient { ManagerClient(endpoint: endpoint, token: token, options: Self.clientOptions) }

    static var clientOptions: ClientOptions {
        var options = ClientOptions()
        options.logger = Logger(label: "cube-bench") { _ in SwiftLogNoOpLogHandler() }
        return options
    }

    func end() {
        kill(process, SIGTERM)
        waitpid(process, nil, 0)
    }
}
