import ArgumentParser
import CubeManagerClient
import CubeTypes
import FoundationEssentials
import Glibc

/// Measures how many declared workloads per second a manager accepts durably, each declared in a file of its own.
///
/// No node may run them, so that nothing starts.
struct DeclareBenchmark {
    var counts: [Int]
    var repetitions: Int

    func figures() async throws -> [Figure] {
        var figures: [Figure] = []
        var smallest: Double?
        for count in counts {
            var (rates, floors): ([Double], [Double]) = ([], [])
            var (busy, seconds) = (0.0, 0.0)
            for _ in 0..<repetitions {
                let cube = try await RunningCube()
                do {
                    try await Task.sleep(for: .seconds(1))
                    let sample = try await measure(count, cube)
                    rates.append(Double(count) / sample.seconds)
                    busy += sample.busy
                    seconds += sample.seconds
                    floors.append(try Self.durableWrites(in: cube.directory))
                    try cube.end()
                } catch {
                    try cube.end()
                    throw error
                }
            }
            let first = smallest ?? rates.median
            smallest = first
            figures.append(
                Figure(
                    id: "f", name: "\(count) new workloads until durable", figure: rates.median,
                    p99: rates.min() ?? 0, unit: "/s", cores: busy / seconds, against: "fdatasync of 4 KiB",
                    floor: floors.median, ratio: rates.median / floors.median, aim: "≥ 5,000/s, linear",
                    met: rates.median >= 5_000 && rates.median >= first * 0.8))
        }
        return figures
    }

    private func measure(_ count: Int, _ cube: RunningCube) async throws -> (seconds: Double, busy: Double) {
        let (new, place) = ("\(cube.directory)/new", "\(cube.directory)/manifests/new")
        try FileManager.default.createDirectory(atPath: new, withIntermediateDirectories: true)
        for number in 0..<count {
            let text =
                #"{"name": "task-\#(number)", "command": ["sleep", "1000"], "env": {"SHARD": "\#(number)"}, "#
                + #""constraints": {"labels": {"bench": "nowhere"}}}"#
            try Data(text.utf8).write(to: URL(filePath: "\(new)/task-\(number).json"))
        }
        let client = try cube.client()
        let before = try cube.processorSeconds()
        let start = ContinuousClock.now
        guard rename(new, place) == 0 else { throw ValidationError("cannot rename \(new)") }
        while try await client.metrics().tasks.values.reduce(0, +) < count {
            try await Task.sleep(for: .milliseconds(5))
            guard ContinuousClock.now - start < .seconds(120) else {
                throw ValidationError(
                    "\(count) workloads were not accepted within 2 minutes; see \(cube.directory)/log")
            }
        }
        return ((ContinuousClock.now - start) / .seconds(1), try cube.processorSeconds() - before)
    }

    /// Returns how many durable writes per second one thread makes.
    private static func durableWrites(in directory: String) throws -> Double {
        let file = open("\(directory)/durable", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw ValidationError("cannot create \(directory)/durable") }
        defer { close(file) }
        let block = [UInt8](repeating: 0, count: 4096)
        let start = ContinuousClock.now
        for _ in 0..<200 {
            guard write(file, block, block.count) == block.count, fdatasync(file) == 0 else {
                throw ValidationError("cannot write \(directory)/durable")
            }
        }
        return 200 / ((ContinuousClock.now - start) / .seconds(1))
    }
}
