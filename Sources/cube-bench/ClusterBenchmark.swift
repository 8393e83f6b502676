import ArgumentParser
import CubeSystem
import FoundationEssentials
import GRDB
import Glibc

/// Measures a manager with many tasks on many nodes: how fast they run, whether it stays as fast, and its memory.
///
/// A tenth of the tasks is a repetition. The manager and its peer take turns.
struct ClusterBenchmark {
    var tasks: Int
    var nodes: Int

    private static let parts = 10
    /// The aims for 2,000,000 tasks: 150 s and 2.5 GB.
    private static let (rate, kilobytes) = (2_000_000.0 / 150, 2.5e9 / 2_000_000 / 1000)

    private struct Samples {
        var rates: [Double] = []
        var floors: [Double] = []
        var seconds = 0.0
        var busy = 0.0
        var bytes = 0.0
    }

    /// Figures h.
    func figures() async throws -> [Figure] {
        let directory = try RunningCube.newDirectory()
        let row = try await Self.row(in: "\(directory)/sample")
        let peer = try InsertionFloor(in: directory, row: row)
        var samples = Samples()
        let empty = try ProcessUsage(of: Int(getpid())).proportionalBytes
        try await LocalManager.run(in: directory, nodes: nodes, tasks: tasks) { manager in
            for part in 0..<Self.parts {
                let count = tasks * (part + 1) / Self.parts - tasks * part / Self.parts
                let (start, busy) = (ContinuousClock.now, MeasuredPart.processorSeconds())
                try await manager.run(count)
                let seconds = (ContinuousClock.now - start) / .seconds(1)
                samples.busy += MeasuredPart.processorSeconds() - busy
                samples.seconds += seconds
                samples.rates.append(Double(count) / seconds)
                samples.floors.append(try peer.insert(count))
            }
            samples.bytes = try ProcessUsage(of: Int(getpid())).proportionalBytes - empty
        }
        return figures(samples, bytesPerRow: row.count)
    }

    private func figures(_ samples: Samples, bytesPerRow: Int) -> [Figure] {
        let (rate, cores) = (Double(tasks) / samples.seconds, samples.busy / samples.seconds)
        let (first, last) = (samples.rates[0], samples.rates[Self.parts - 1])
        let memory = samples.bytes / Double(tasks) / 1000
        return [
            Figure(
                id: "h", name: "\(tasks) tasks on \(nodes) nodes until they run", figure: rate,
                p99: samples.rates.min() ?? 0, unit: "/s", cores: cores, against: "SQLite inserts",
                floor: samples.floors.median, ratio: rate / samples.floors.median,
                aim: "≥ \(Int(Self.rate))/s (2,000,000 in 150 s)", met: rate >= Self.rate),
            Figure(
                id: "h1", name: "the last tenth of them", figure: last, p99: last, unit: "/s", cores: cores,
                against: "the first tenth", floor: first, ratio: last / first, aim: "± 10 %",
                met: (0.9...1.1).contains(last / first)),
            Figure(
                id: "h2", name: "memory of one of them", figure: memory, p99: memory, unit: "KB", cores: 0,
                against: "its row", floor: Double(bytesPerRow) / 1000, ratio: memory * 1000 / Double(bytesPerRow),
                aim: "≤ \(Self.kilobytes) KB (2,000,000 in 2.5 GB)", met: memory <= Self.kilobytes),
        ]
    }

    /// Returns what a manager stores of a task that runs.
    private static func row(in directory: String) async throws -> Data {
        try await LocalManager.run(in: directory, nodes: 1, tasks: 1) { try await $0.run(1) }
        let store = try DatabaseQueue(path: "\(directory)/data/manager/cube.sqlite")
        guard let row = try await store.read({ try Data.fetchOne($0, sql: "SELECT value FROM task") }) else {
            throw ValidationError("the store in \(directory) has no task")
        }
        return row
    }
}

/// Inserts rows as long as those of tasks into a database of its own, as durably as the manager, in transactions of a batch.
private final class InsertionFloor {
    private let database: DatabaseQueue
    private let row: Data

    init(in directory: String, row: Data) throws {
        self.row = row
        database = try DatabaseQueue(path: "\(directory)/floor.sqlite")
        try database.writeWithoutTransaction { database in
            try database.execute(
                sql: """
                    PRAGMA locking_mode = EXCLUSIVE;
                    PRAGMA journal_mode = WAL;
                    PRAGMA synchronous = FULL;
                    CREATE TABLE task (key TEXT PRIMARY KEY NOT NULL, value BLOB NOT NULL)
                    """)
        }
    }

    /// - Returns: The number of rows per second.
    func insert(_ count: Int) throws -> Double {
        let keys = (0..<count).map { _ in UUID().uuidString.lowercased() }
        let start = ContinuousClock.now
        for first in stride(from: 0, to: count, by: LocalManager.batch) {
            try database.write { database in
                let statement = try database.cachedStatement(sql: "INSERT INTO task (key, value) VALUES (?, ?)")
                for key in keys[first..<min(first + LocalManager.batch, count)] {
                    try statement.execute(arguments: [key, row])
                }
            }
        }
        return Double(count) / ((ContinuousClock.now - start) / .seconds(1))
    }
}
