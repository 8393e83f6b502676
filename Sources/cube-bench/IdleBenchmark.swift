import ArgumentParser
import CubeManagerClient
import CubeTypes
import FoundationEssentials
import Glibc

/// Measures what `cube up` needs while nothing changes: memory for its manifests and tasks, and processor time.
struct IdleBenchmark {
    var manifests: Int
    var tasks: Int
    /// For how long the idle tasks are watched.
    var seconds: Int

    /// Figures k (memory) and m (processor time and writes).
    func figures() async throws -> [Figure] {
        let empty = try await memory(of: [:])
        let full = try await memory(
            of: Dictionary(
                uniqueKeysWithValues: (0..<manifests).map {
                    ("service-\($0).json", String(decoding: FigureBenchmark.manifest($0), as: UTF8.self))
                }))
        let perManifest = (full - empty) / Double(manifests) / 1000
        let structs = Double(MemoryLayout<Int>.size * 100) / 1000
        let running = try await running()
        let above = (running.memory - empty) / 1e6
        return [
            Figure(
                id: "k", name: "memory of a suspended manifest", figure: perManifest, p99: perManifest, unit: "KB",
                cores: 0, against: "100 words", floor: structs, ratio: perManifest / structs, aim: "≤ 2 KB",
                met: perManifest <= 2),
            Figure(
                id: "k1", name: "memory of \(tasks) tasks in up", figure: above, p99: above, unit: "MB", cores: 0,
                against: "an idle up", floor: empty / 1e6, ratio: above / (empty / 1e6), aim: "≤ 20 MB",
                met: above <= 20
            ),
            Figure(
                id: "k2", name: "memory of a supervisor", figure: running.supervisor / 1e6,
                p99: running.supervisor / 1e6, unit: "MB", cores: 0, against: "`sleep`", floor: running.sleep / 1e6,
                ratio: running.supervisor / running.sleep, aim: "≤ 0.2 MB", met: running.supervisor <= 200_000),
            Figure(
                id: "m", name: "\(tasks) idle tasks, processor time", figure: running.busy * 100,
                p99: running.busy * 100, unit: "% of a core", cores: running.busy, against: "wake-ups per second",
                floor: running.wakeups, ratio: running.busy * 100 / running.wakeups, aim: "≤ 0.2 %, no writes",
                met: running.busy <= 0.002 && running.written == 0),
        ]
    }

    private func memory(of manifests: [String: String]) async throws -> Double {
        let cube = try await RunningCube(manifests: manifests)
        do {
            try await Task.sleep(for: .seconds(2))
            let bytes = try cube.usage().proportionalBytes
            try cube.end()
            return bytes
        } catch {
            try cube.end()
            throw error
        }
    }

    private struct Running {
        /// Bytes of `cube up`, and of one supervisor and one task.
        var memory = 0.0, supervisor = 0.0, sleep = 0.0
        /// Seconds of processor time per second, of all programs together.
        var busy = 0.0
        /// How often per second a thread went on.
        var wakeups = 0.0
        var written = 0
    }

    private func running() async throws -> Running {
        let list = (0..<tasks).map { #"{"name": "task-\#($0)", "command": ["sleep", "100000"]}"# }
        let cube = try await RunningCube(manifests: ["tasks.json": "[\(list.joined(separator: ",\n"))]"])
        do {
            let client = try cube.client()
            try await cube.wait(for: "\(tasks) running tasks", atMost: .seconds(60 + tasks / 10)) {
                try await client.metrics().tasks["running"] == tasks
            }
            try await Task.sleep(for: .seconds(15))
            var running = Running()
            let processes = try RunningCube.descendants(of: cube.process)
            let supervisors = try processes.filter { try ProcessUsage.name(of: $0) == "cube-supervisor" }
            let sleeps = try processes.filter { try ProcessUsage.name(of: $0) == "sleep" }
            guard supervisors.count == tasks, sleeps.count == tasks else {
                throw ValidationError(
                    "\(tasks) tasks have \(supervisors.count) supervisors and \(sleeps.count) processes")
            }
            running.memory = try cube.usage().proportionalBytes
            running.supervisor = try Self.memory(of: supervisors)
            running.sleep = try Self.memory(of: sleeps)
            let watched = supervisors + [Int(cube.process)]
            let before = try watched.map { try ProcessUsage(of: $0) }
            try await Task.sleep(for: .seconds(seconds))
            let after = try watched.map { try ProcessUsage(of: $0) }
            for (before, after) in zip(before, after) {
                running.busy += (after.processorSeconds - before.processorSeconds) / Double(seconds)
                running.wakeups += Double(after.wakeups - before.wakeups) / Double(seconds)
                running.written += after.writtenBytes - before.writtenBytes
            }
            try cube.end()
            return running
        } catch {
            try cube.end()
            throw error
        }
    }

    private static func memory(of processes: [Int]) throws -> Double {
        try processes.prefix(20).map { try ProcessUsage(of: $0).proportionalBytes }.median
    }
}
