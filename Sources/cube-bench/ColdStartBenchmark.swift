import ArgumentParser
import FoundationEssentials
import Glibc

/// Measures programs that start: with many manifests, with none, and to print their help.
struct ColdStartBenchmark {
    var manifests: Int
    var repetitions: Int

    /// Figures b: `validate`, and `up` with suspended manifests until its summary.
    func figures() async throws -> [Figure] {
        let directory = try RunningCube.newDirectory()
        let paths = (0..<manifests).map { "\(directory)/service-\($0).json" }
        for (number, path) in paths.enumerated() {
            try FigureBenchmark.write(manifest: number, to: path)
        }
        let cube = try RunningCube.program("cube")
        var (validations, starts, floors): ([Double], [Double], [Double]) = ([], [], [])
        var (validationBusy, startBusy) = (0.0, 0.0)
        for _ in 0..<repetitions {
            floors.append(try Self.read(paths))
            let validation = try MeasuredProgram(cube, ["validate", directory])
            guard validation.status == 0 else { throw ValidationError("cube validate ended with an error") }
            validations.append(validation.milliseconds)
            validationBusy += validation.processorSeconds
            let up = try await RunningCube(of: directory)
            starts.append(up.startMilliseconds)
            startBusy += try up.processorSeconds()
            try up.end()
        }
        func figure(_ id: String, _ name: String, _ times: [Double], _ busy: Double, atMost limit: Double) -> Figure {
            Figure(
                id: id, name: "\(name), \(manifests) manifests", times: times,
                cores: busy / (times.reduce(0, +) / 1000), against: "open, fstat, read, close", floor: floors,
                ratioAtMost: limit)
        }
        return [
            figure("b", "validate", validations, validationBusy, atMost: 2),
            figure("b1", "up until its summary", starts, startBusy, atMost: 4),
        ]
    }

    /// Figures n: the help, and a start without manifests.
    func emptyFigures() async throws -> [Figure] {
        let cube = try RunningCube.program("cube")
        var (helps, starts, floors): ([Double], [Double], [Double]) = ([], [], [])
        var (helpBusy, startBusy) = (0.0, 0.0)
        var memory: [Double] = []
        for _ in 0..<repetitions {
            floors.append(try MeasuredProgram("/bin/true", []).milliseconds)
            let help = try MeasuredProgram(cube, ["--help"])
            helps.append(help.milliseconds)
            helpBusy += help.processorSeconds
            let up = try await RunningCube()
            starts.append(up.startMilliseconds)
            startBusy += try up.processorSeconds()
            try await Task.sleep(for: .milliseconds(500))
            memory.append(try up.usage().proportionalBytes / 1e6)
            try up.end()
        }
        let bare = try ProcessUsage(of: Int(getpid())).proportionalBytes / 1e6
        return [
            Figure(
                id: "n", name: "cube --help", times: helps, cores: helpBusy / (helps.reduce(0, +) / 1000),
                against: "/bin/true", floor: floors, aim: (median: 6, p99: .infinity)),
            Figure(
                id: "n1", name: "up until its summary, no manifests", times: starts,
                cores: startBusy / (starts.reduce(0, +) / 1000), against: "/bin/true", floor: floors,
                aim: (median: 40, p99: .infinity)),
            Figure(
                id: "n2", name: "memory of an idle up", figure: memory.median, p99: memory.max() ?? 0, unit: "MB",
                cores: 0, against: "this program", floor: bare, ratio: memory.median / bare, aim: "≤ 25 MB",
                met: memory.median <= 25),
        ]
    }

    /// Opens, looks at, reads and closes each file.
    ///
    /// - Returns: The time in milliseconds.
    private static func read(_ paths: [String]) throws -> Double {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let start = ContinuousClock.now
        for path in paths {
            let file = open(path, O_RDONLY | O_CLOEXEC)
            var status = stat()
            guard file >= 0, fstat(file, &status) == 0, Glibc.read(file, &buffer, buffer.count) > 0 else {
                throw ValidationError("cannot read \(path)")
            }
            close(file)
        }
        return (ContinuousClock.now - start) / .milliseconds(1)
    }
}
