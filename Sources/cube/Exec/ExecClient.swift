import CubeErrors
import CubeManagerClient
import CubeSystem
import CubeTypes
import Glibc
import SystemPackage
import UnixSignals

/// Runs a command beside the program of a task, and connects it with the standard streams of this process.
struct ExecClient {
    let client: ManagerClient
    let task: TaskID
    let session: ExecID
    let request: ExecRequest
    private let clock = ContinuousClock()

    init(client: ManagerClient, task: TaskID, session: ExecID, request: ExecRequest) {
        self.client = client
        self.task = task
        self.session = session
        self.request = request
    }

    /// How long a call waits for output, or for the command to read input.
    private static let wait = Duration.seconds(20)
    /// The time without a connection after which the worker has ended the session.
    private static let patience = Duration.seconds(30)
    private static let pause = Duration.milliseconds(250)
    /// The interval of calls while output cannot be written, so that the worker knows that this client is alive.
    private static let beat = Duration.seconds(10)
    /// The maximum time for ending the session, for a manager that cannot be reached.
    private static let farewell = Duration.seconds(5)

    /// Runs the command to its end, or until a signal ends this process or nobody reads the output any more.
    func run() async throws -> ExecEnd {
        let signals = await UnixSignalsSequence(trapping: UnixSignal.ending + [.sigquit])
        let resizes = await UnixSignalsSequence(trapping: .sigwinch)
        try await client.exec(request, as: session, in: task)
        let result = await outcome(of: signals, resizes)
        // Releases what the worker keeps. If the command is running, this ends it.
        _ = try? await clock.within(Self.farewell) { try await client.endExec(session, of: task) }
        return try result.get()
    }

    private func outcome(
        of signals: UnixSignalsSequence, _ resizes: UnixSignalsSequence
    ) async -> Result<ExecEnd, any Error> {
        do {
            return .success(
                try await withThrowingTaskGroup(of: ExecEnd?.self) { group in
                    defer { group.cancelAll() }
                    group.addTask { try await copyOutput() }
                    group.addTask {
                        for await signal in signals { return ExecEnd(code: 128 + Int(signal.rawValue)) }
                        return nil
                    }
                    if request.interactive { group.addTask { try await copyInput() } }
                    if request.tty { group.addTask { try await passOnSizes(resizes) } }
                    while let end = try await group.next() { if let end { return end } }
                    throw CancellationError()
                })
        } catch {
            return .failure(error)
        }
    }

    // MARK: Output

    private func copyOutput() async throws -> ExecEnd {
        let (output, errors) = (try DescriptorStream(STDOUT_FILENO), try DescriptorStream(STDERR_FILENO))
        var after = 0
        while true {
            let offset = after
            let part = try await persistently {
                try await client.execOutput(session, of: task, after: offset, wait: Self.wait)
            }
            for chunk in part.chunks {
                let stream = chunk.stream == .errors ? errors : output
                guard try await write(chunk, to: stream, at: offset) else {
                    return ExecEnd(code: 128 + Int(SIGPIPE))
                }
            }
            after = part.next
            if let end = part.end { return end }
        }
    }

    /// - Returns: whether the stream still has a reader.
    /// - Throws: `Failure` if a stream that has a reader cannot be written, as on a full disk; `CancellationError`.
    private func write(_ chunk: ExecChunk, to stream: DescriptorStream, at offset: Int) async throws -> Bool {
        do {
            try await staying(at: offset) { try await stream.write(chunk.data) }
            return true
        } catch let error as Errno {
            let isOfErrors = chunk.stream == .errors
            let terminal = isOfErrors ? Terminal.standardError : Terminal.standardOutput
            guard terminal.hasReader(after: error) else { return false }
            throw Failure("cannot write to standard \(isOfErrors ? "error" : "output"): \(error)")
        }
    }

    /// Runs a write, which takes long if the terminal is stopped, and tells the worker meanwhile that this client is alive.
    private func staying(at offset: Int, _ write: @Sendable @escaping () async throws -> Void) async throws {
        _ = try await race(write) {
            while true {
                try await clock.sleep(for: Self.beat)
                _ = try await persistently {
                    try await client.execOutput(session, of: task, after: offset, wait: .zero)
                }
            }
        }
    }

    // MARK: Input

    private func copyInput() async throws -> ExecEnd? {
        let input = try DescriptorStream(STDIN_FILENO)
        var offset = 0
        while let bytes = try await input.read(upTo: ExecInput.maximum / 2) {
            guard try await send(ExecInput(offset: offset, data: bytes)) else { return nil }
            offset += bytes.count
        }
        _ = try await send(ExecInput(offset: offset, data: [], end: true))
        return nil
    }

    /// - Returns: whether the command may read more input.
    private func send(_ part: ExecInput) async throws -> Bool {
        do {
            while true {
                let receipt = try await persistently {
                    try await client.execInput(part, to: session, of: task, wait: Self.wait)
                }
                if receipt.received >= part.offset + part.data.count { return true }
            }
        } catch let error as APIError where [.sessionNotFound, .conflict].contains(error.reason) {
            // The command has ended, which its output says.
            return false
        }
    }

    private func passOnSizes(_ resizes: UnixSignalsSequence) async throws -> ExecEnd? {
        for await _ in resizes {
            guard let size = Terminal.size(of: STDIN_FILENO) else { continue }
            _ = try await persistently { try await client.resizeExec(session, of: task, to: size) }
        }
        return nil
    }

    /// Repeats a call while the manager or the worker cannot be reached, as long as the session lasts.
    private func persistently<Value: Sendable>(
        _ call: @Sendable () async throws -> Value
    ) async throws -> Value {
        let began = clock.now
        while true {
            do {
                return try await call()
            } catch let error as APIError where error.retry && began.duration(to: clock.now) < Self.patience {
                try await clock.sleep(for: Self.pause)
            }
        }
    }
}
