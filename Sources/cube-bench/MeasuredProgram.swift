import ArgumentParser
import CubeSystem
import FoundationEssentials
import Glibc

/// A run of a program from its start until it ended.
struct MeasuredProgram {
    var milliseconds: Double
    var processorSeconds: Double
    var status: CInt

    /// - Parameter arguments: The arguments, without the name of the program.
    init(_ program: String, _ arguments: [String]) throws {
        let start = ContinuousClock.now
        let process = try Spawn(program, arguments, environment: ["PATH=/usr/bin:/bin", "HOME=/nonexistent"]).start()
        var usage = rusage()
        var status: CInt = 0
        guard wait4(process, &status, 0, &usage) == process else {
            throw ValidationError("\(program) cannot be waited for")
        }
        milliseconds = (ContinuousClock.now - start) / .milliseconds(1)
        processorSeconds = [usage.ru_utime, usage.ru_stime]
            .reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
        self.status = status
    }

    /// Returns the path of a program that does not belong to Cube.
    static func path(of name: String) throws -> String {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        let paths: [String] = folders.map { "\($0)/\(name)" }
        guard let path = paths.first(where: { access($0, X_OK) == 0 }) else {
            throw ValidationError(
                "the program \(name) is not installed: install it with `.ci/setup checks`, or leave its figures out with --only"
            )
        }
        return path
    }
}
