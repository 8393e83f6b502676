import CubeCore
import CubeTypes
import Glibc
import Logging

/// Signals for commands in containers. The API of an engine offers no way to send them, but the processes run on this machine.
extension ContainerRuntime {
    /// Ends a command with its descendants: by SIGHUP and, if that does not suffice, by SIGKILL.
    func endExecution(_ id: String, of run: RunIdentity) async {
        await endCommand(id, of: run, "a command whose client is gone", hangingUp: true)
    }

    /// Kills a command with its descendants.
    func killExecution(_ id: String, of run: RunIdentity) async {
        await endCommand(id, of: run, "a check that timed out", hangingUp: false)
    }

    /// - Parameter subject: names the command in the log.
    private func endCommand(_ id: String, of run: RunIdentity, _ subject: String, hangingUp: Bool) async {
        do {
            switch try await state(ofCommand: id, of: run) {
            case .notRunning: return
            case .outOfReach(let reason):
                logger.warning("\(run.task): cannot end \(subject); it keeps running in the container: \(reason)")
            case .running(var processes):
                if hangingUp {
                    // SIGKILL fails for the same reason, which is reported then.
                    _ = processes.send(SIGHUP)
                    for _ in 0..<40 where !processes.haveEnded { try await clock.sleep(for: .milliseconds(50)) }
                }
                processes.addDescendants()
                if let error = processes.send(SIGKILL) { throw error }
            }
        } catch {
            logger.warning("\(run.task): cannot end \(subject); it may keep running in the container: \(error)")
        }
    }

    private enum CommandState {
        /// The command has ended, or its container has.
        case notRunning
        case running(CommandProcesses)
        /// The command is running, but this worker cannot signal it.
        case outOfReach(reason: String)
    }

    /// Finds the processes of a command by the ID that the engine names. The environment of a process proves nothing, because the
    /// command may have changed it.
    private func state(ofCommand id: String, of run: RunIdentity) async throws -> CommandState {
        guard var execution = try await runningExecution(id) else { return .notRunning }
        // An engine may say that a command is running a moment before it knows the process.
        for _ in 0..<20 where execution.pid <= 0 {
            try await clock.sleep(for: .milliseconds(50))
            guard let later = try await runningExecution(id) else { return .notRunning }
            execution = later
        }
        guard let container = try await engine.container(ContainerSpec.name(of: run)),
            container.status.phase == .running
        else { return .notRunning }
        let process = execution.pid
        guard process > 1, let first = container.status.process else {
            return .outOfReach(reason: "the container engine does not name its process")
        }
        let entry = ProcessTable.Entry(process)
        let objection = CommandProcesses.objection(to: process, besides: first)
        // If the command is still running, the ID belonged to its process all the time.
        guard try await runningExecution(id) != nil else { return .notRunning }
        guard let entry else {
            return .outOfReach(reason: "process \(process) of the container engine is not visible to this worker")
        }
        if let objection { return .outOfReach(reason: objection) }
        return .running(CommandProcesses(entry))
    }

    /// - Returns: `nil` if the command is not running, or if the engine does not know it any more.
    private func runningExecution(_ id: String) async throws -> EngineClient.Exec? {
        do {
            let execution = try await engine.exec(id)
            return execution.running ? execution : nil
        } catch let error as EngineError where error.isNotFound {
            return nil
        }
    }
}
