import CubeCore
import CubeSystem
import CubeTypes
import Synchronization

extension ContainerRuntime {
    func check(
        _ run: RunIdentity, of assignment: TaskAssignment, by command: [String], within timeout: Duration
    ) async throws -> CheckOutcome {
        let execution = Mutex<String?>(nil)
        let engine = engine
        let result = try await clock.within(timeout) {
            try await engine.exec(command, in: ContainerSpec.name(of: run), outputBytes: 4096) { id in
                execution.withLock { $0 = id }
            }
        }
        guard let result else {
            guard let id = execution.withLock({ $0 }) else {
                return .impossible("the container engine did not start it within \(timeout.text)")
            }
            await killExecution(id, of: run)
            return .failed("timed out after \(timeout.milliseconds) ms")
        }
        if result.exitCode == 0 { return .passed }
        let line = result.output.split(separator: UInt8(ascii: "\n")).last.map { String(decoding: $0, as: UTF8.self) }
        return .failed("exit code \(result.exitCode)" + (line.map { ": \($0)" } ?? ""))
    }
}
