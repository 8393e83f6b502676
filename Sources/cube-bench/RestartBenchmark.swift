import ArgumentParser
import CubeManagerClient
import Glibc

/// Measures the start of a manager whose store has many tasks, until it serves requests.
struct RestartBenchmark {
    var tasks: Int
    var nodes: Int
    var repetitions: Int

    /// Figure o.
    func figures() async throws -> [Figure] {
        let directory = try RunningCube.newDirectory()
        try await LocalManager.run(in: directory, nodes: nodes, tasks: tasks) { try await $0.run(tasks) }
        var (starts, floors): ([Double], [Double]) = ([], [])
        var busy = 0.0
        for _ in 0..<repetitions {
            floors.append(try Self.read("\(directory)/data/manager"))
            let start = ContinuousClock.now
            let manager = try await RunningManager(in: directory)
            defer { manager.end() }
            let status = try await manager.client().clusterStatus()
            starts.append((ContinuousClock.now - start) / .milliseconds(1))
            busy += try ProcessUsage(of: Int(manager.process)).processorSeconds
            let found = status.tasks.values.reduce(0, +)
            guard found == tasks else { throw ValidationError("the manager has \(found) of \(tasks) tasks") }
        }
        return [
            Figure(
                id: "o", name: "restart of a manager, \(tasks) tasks", times: starts,
                cores: busy / (starts.reduce(0, +) / 1000), against: "a read of its store", floor: floors,
                ratioAtMost: 3)
        ]
    }

    /// Reads the database of a manager and its log from the first byte to the last.
    ///
    /// - Returns: The time in milliseconds.
    private static func read(_ directory: String) throws -> Double {
        var (buffer, length) = ([UInt8](repeating: 0, count: 1 << 20), 0)
        let start = ContinuousClock.now
        for name in ["cube.sqlite", "cube.sqlite-wal"] {
            let file = open("\(directory)/\(name)", O_RDONLY | O_CLOEXEC)
            // SQLite removes the log when its last connection closes.
            guard file >= 0 else { continue }
            defer { close(file) }
            while true {
                let count = Glibc.read(file, &buffer, buffer.count)
                guard count > 0 else { break }
                length += count
            }
        }
        let time = (ContinuousClock.now - start) / .milliseconds(1)
        guard length > 0 else { throw ValidationError("\(directory) has no store") }
        return time
    }
}
