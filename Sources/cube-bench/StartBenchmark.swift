import CubeSystem
import Glibc

/// Measures how many declared tasks begin to run per second, all declared in one file.
struct StartBenchmark {
    var tasks: Int
    var repetitions: Int

    func figures() async throws -> [Figure] {
        var (starts, floors): ([Double], [Double]) = ([], [])
        var processorSeconds = 0.0
        for _ in 0..<repetitions {
            let cube = try await RunningCube()
            do {
                // Everything has started once the first status is written.
                try await Task.sleep(for: .seconds(1))
                let signals = try ProcessSignals(at: "\(cube.directory)/started")
                let before = try cube.processorSeconds()
                let start = try cube.declare("tasks.json", manifest(signals))
                starts.append(Double(tasks) / ((try await last(of: signals) - start) / .seconds(1)))
                processorSeconds += try cube.processorSeconds() - before
                floors.append(try await floor(signals))
                try cube.end()
            } catch {
                try cube.end()
                throw error
            }
        }
        let seconds = starts.map { Double(tasks) / $0 }.reduce(0, +)
        let ratio = starts.median / floors.median
        return [
            Figure(
                id: "l", name: "\(tasks) declared tasks until all run", figure: starts.median,
                p99: starts.min() ?? 0, unit: "/s", cores: processorSeconds / seconds, against: "posix_spawn",
                floor: floors.median, ratio: ratio, aim: "≥ 750/s", met: starts.median >= 750)
        ]
    }

    private func command(_ signals: ProcessSignals) -> String { "echo > \(signals.path); exec sleep 100000" }

    private func manifest(_ signals: ProcessSignals) -> String {
        let tasks = (0..<tasks).map { #"{"name": "task-\#($0)", "command": ["sh", "-c", "\#(command(signals))"]}"# }
        return "[" + tasks.joined(separator: ",\n") + "]"
    }

    /// The time at which the last of the tasks runs.
    private func last(of signals: ProcessSignals) async throws -> ContinuousClock.Instant {
        var time = ContinuousClock.now
        for _ in 0..<tasks { time = await signals.next() }
        return time
    }

    /// Starts the same commands one after the other, with nothing between.
    private func floor(_ signals: ProcessSignals) async throws -> Double {
        let start = ContinuousClock.now
        var processes: [CInt] = []
        for _ in 0..<tasks {
            processes.append(
                try Spawn("/bin/sh", ["-c", command(signals)], environment: ["PATH=/usr/bin:/bin"]).start())
        }
        let end = try await last(of: signals)
        for process in processes {
            kill(process, SIGKILL)
            waitpid(process, nil, 0)
        }
        return Double(tasks) / ((end - start) / .seconds(1))
    }
}
