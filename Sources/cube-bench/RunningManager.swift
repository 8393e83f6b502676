import ArgumentParser
import CubeSystem
import Glibc

/// A manager without workers, on a free port of 127.0.0.1: the program `cube` beside this one.
final class RunningManager {
    let directory: String
    let process: pid_t
    /// The token of the role `write`.
    let token: String
    let port: Int

    init() async throws {
        let directory = try RunningCube.newDirectory()
        let log = open("\(directory)/log", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(log) }
        var spawn = Spawn(
            try RunningCube.program("cube"), ["manager", "--data-dir", "\(directory)/data", "--listen", "127.0.0.1:0"],
            environment: ["PATH=/usr/bin:/bin", "HOME=\(directory)"])
        spawn.isApart = true
        (spawn.output, spawn.errors) = (.descriptor(log), .descriptor(log))
        (self.directory, process) = (directory, try spawn.start())
        let addresses = "\(directory)/data/run/addresses.json"
        try await RunningCube.wait(for: "the address of the manager", in: directory) { access(addresses, R_OK) == 0 }
        token = try RunningCube.token("write", in: directory)
        let url = try RunningCube.managerURL(in: directory)
        guard let port = url.split(separator: ":").last.flatMap({ Int($0) }) else {
            throw ValidationError("\(addresses): \(url) has no port")
        }
        self.port = port
    }

    func end() {
        kill(process, SIGTERM)
        waitpid(process, nil, 0)
    }
}
