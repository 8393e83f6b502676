import CubeSystem
import CubeTypes
import SystemPackage

/// A command line that a person gives to `cube`, and that `/bin/sh` runs.
actor ShellCommand {
    /// How long a command may run. A command that hangs must not keep later changes back.
    static let limit: Duration = .seconds(60)
    /// The maximum size of the output in bytes.
    static let outputLimit = NamedFile.limit

    nonisolated let text: String

    private static let executor = BlockingExecutor("cube-shell-command")

    nonisolated var unownedExecutor: UnownedSerialExecutor { Self.executor.asUnownedSerialExecutor() }

    init(_ text: String) { self.text = text }

    /// Runs the command with this input, and returns its output. Cancellation kills the command.
    ///
    /// - Throws: A `Failure` that says how the command failed, with the last lines that it wrote; `CancellationError`.
    @discardableResult
    func run(input: [UInt8], within limit: Duration = limit) async throws -> [UInt8] {
        let child: ChildProcess
        do {
            // The command may replace a daemon by a new one, as `haproxy -D -sf` does.
            child = try ChildProcess(
                "/bin/sh", ["-c", text], environment: Environment.all, endsDescendants: false)
        } catch {
            throw Failure("cannot run `\(text)`: \(error)")
        }
        return try await withTaskCancellationHandler {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    // The sleep throws if the command ended first.
                    guard (try? await BootClock.timer.sleep(for: limit)) != nil else { return }
                    child.kill(.deadline(limit))
                }
                defer { group.cancelAll() }
                return try exchange(input, with: child)
            }
        } onCancel: {
            child.kill(.cancelled)
        }
    }

    /// Blocks the thread of this actor until the command has ended.
    private func exchange(_ input: [UInt8], with child: ChildProcess) throws -> [UInt8] {
        var output: [UInt8] = []
        let isTooMuch = child.exchange(input, isLast: true) { bytes in
            output += bytes
            return output.count > Self.outputLimit
        }
        if isTooMuch {
            child.kill(.done)
            throw Failure("`\(text)` wrote more than \(Self.outputLimit >> 20) MiB")
        }
        let status = child.status
        switch child.ending {
        case .cancelled: throw CancellationError()
        case .deadline(let limit): throw Failure("`\(text)` did not end within \(limit.text) and was killed")
        case .standstill, .done, nil: break
        }
        guard status != 0 else { return output }
        let how = status > 0 ? "failed with exit code \(status)" : "was ended by signal \(-status)"
        let lines = child.errorText.split(whereSeparator: \.isNewline).suffix(5).joined(separator: "\n")
        throw Failure("`\(text)` \(how)" + (lines.isEmpty ? "" : ":\n\(lines)"))
    }
}
