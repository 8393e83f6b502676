import CubeCore
import CubeSystem
import CubeTypes
import Glibc
import Logging
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

    /// Kills a command in a container, with its descendants. The API offers no way to do so, but its processes run on this machine.
    private func killExecution(_ id: String, of run: RunIdentity) async {
        do {
            let execution = try await engine.exec(id)
            // The engine may have another view of process IDs, and an ID may belong to another process by now.
            let mark = "\(TaskEnvironment.taskID)=\(run.task)"
            guard execution.running, execution.pid > 1,
                ProcessTable.strings("environ", of: execution.pid).contains(mark)
            else { return }
            for entry in ProcessTable.read().descendants(of: execution.pid) { kill(entry.id, SIGKILL) }
            kill(execution.pid, SIGKILL)
        } catch {
            logger.warning("\(run.task): cannot kill a check that timed out: \(error)")
        }
    }
}
