import CubeCore
import CubeErrors
import CubeSystem
import CubeTypes
import Logging
import NIOCore

extension ContainerRuntime {
    /// Runs the command through the engine, whose connection carries its streams.
    func execute(
        _ request: ExecRequest, in run: RunIdentity, of assignment: TaskAssignment, through streams: any ExecStreams
    ) async throws -> ExecEnd {
        let environment = request.env.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" } + [LeftCommands.mark]
        let id = try await engine.createExec(request, environment: environment, in: ContainerSpec.name(of: run))
        do {
            let refusal: ExecRefusal
            do {
                refusal = try await engine.startExec(id, tty: request.tty) { inbound, outbound, first in
                    try await exchange(id, request, inbound, outbound, first, streams)
                }
            } catch EngineError.refused(_, let message) {
                return ExecRefusal.end(message)
            }
            guard let code = try await exitCode(of: id) else {
                return ExecEnd(code: 137, message: "the command ended with its container")
            }
            let (rest, end) = refusal.finish(code: code)
            for chunk in rest { try await streams.write(chunk.data, to: chunk.stream) }
            return end
        } catch {
            // The engine lets a command run on whose client is gone. This work must not be cancelled with the caller.
            await Task { await self.endExecution(id, of: run) }.value
            throw error
        }
    }

    /// Carries the streams of a command until its output ends.
    ///
    /// - Returns: what may be a message of the engine instead of output.
    private func exchange(
        _ id: String, _ request: ExecRequest, _ inbound: RawBytes,
        _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>, _ first: ByteBuffer, _ streams: any ExecStreams
    ) async throws -> ExecRefusal {
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask {
                if request.tty, let size = request.size { await self.resize(id, to: size) }
                try await self.forward(id, tty: request.tty, streams, to: outbound)
            }
            var frames = FrameSplitter()
            var refusal = ExecRefusal()
            var next: ByteBuffer? = first
            while let buffer = next {
                let received: [ExecChunk] =
                    request.tty
                    ? [ExecChunk(stream: .output, data: Array(buffer.readableBytesView))]
                    : frames.frames(in: buffer.readableBytesView).map { stream, payload in
                        ExecChunk(stream: stream == ExecFrame.errors ? .errors : .output, data: Array(payload))
                    }
                for chunk in received where !chunk.data.isEmpty {
                    for own in refusal.take(chunk) { try await streams.write(own.data, to: own.stream) }
                }
                next = try await inbound.next()
            }
            try Task.checkCancellation()
            return refusal
        }
    }

    private func forward(
        _ id: String, tty: Bool, _ streams: any ExecStreams, to outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) async throws {
        while true {
            switch try await streams.instruction() {
            case .input(let bytes): try await outbound.write(ByteBuffer(bytes: bytes))
            // A terminal has no end; this character (Ctrl-D) makes it report one.
            case .endOfInput where tty: try await outbound.write(ByteBuffer(bytes: [4]))
            case .endOfInput: outbound.finish()
            case .resize(let size): await resize(id, to: size)
            }
        }
    }

    /// Changes the size of the terminal of a command. An engine refuses this for a moment after it has responded to the start.
    private func resize(_ id: String, to size: TerminalSize) async {
        for _ in 0..<20 {
            do {
                return try await engine.resizeExec(id, to: size)
            } catch {
                logger.debug("cannot resize the terminal of command \(id): \(error)")
                // Cancelled when the command has ended.
                guard (try? await clock.sleep(for: .milliseconds(50))) != nil else { return }
            }
        }
    }

    /// Waits until the engine knows the exit code of a command whose output has ended.
    ///
    /// - Returns: `nil` if the engine does not know the command any more, because its container has ended.
    private func exitCode(of id: String) async throws -> Int? {
        var pause = Duration.milliseconds(10)
        while true {
            let execution: EngineClient.Exec
            do {
                execution = try await engine.exec(id)
            } catch EngineError.refused {
                return nil
            }
            if !execution.running, let code = execution.exitCode { return code }
            try await clock.sleep(for: pause)
            pause = min(pause * 2, .seconds(1))
        }
    }
}
