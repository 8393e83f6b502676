import CubeCore
import CubeErrors
import CubeLinux
import CubeTypes
import Glibc
import NIOCore
import SystemPackage

extension ProcessRuntime {
    /// Runs the command under a supervisor of its own, which applies the user, directory and environment of the task. The two are
    /// connected by a socket: when the supervisor finds it closed, also because this worker was killed, it ends the command.
    func execute(
        _ request: ExecRequest, in run: RunIdentity, of assignment: TaskAssignment, through streams: any ExecStreams
    ) async throws -> ExecEnd {
        var launch: RunDirectory.Launch
        do {
            launch = try self.launch(assignment, request.command, adding: request.env, in: run)
        } catch let refusal as StartRefusal {
            return ExecEnd(code: 126, message: refusal.description)
        }
        launch.exec = request
        launch.run = directory(of: run).path
        let (spawned, socket) = try spawn(launch, for: run.task)
        let connection: RawConnection
        do { connection = try await RawConnection.taking(socket) } catch {
            close(socket)
            throw error
        }
        let result = await Result { try await Self.exchange(through: connection, streams) }
        // The connection is closed, so the supervisor ends. It is reaped even after cancellation, so that no zombie stays.
        try await Task { try await spawned.process.end() }.value
        return try result.get()
    }

    /// Starts a supervisor for a command.
    ///
    /// - Returns: the supervisor, and this end of the socket that connects it.
    private func spawn(_ launch: RunDirectory.Launch, for task: TaskID) throws -> (Spawned, socket: Int32) {
        // It stays in memory because it contains `env` values, which must not be on a disk.
        let input = FileDescriptor(rawValue: cube_memory_file())
        guard input.rawValue >= 0 else { throw Errno(rawValue: errno) }
        return try input.closeAfter {
            _ = try input.writeAll(launch.bytes)
            var ends: [Int32] = [-1, -1]
            guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
                throw Errno(rawValue: errno)
            }
            defer { close(ends[1]) }
            do {
                let spawned = try Spawned(
                    supervisor, ["exec", task.rawValue], input: input, output: FileDescriptor(rawValue: ends[1]))
                return (spawned, ends[0])
            } catch {
                close(ends[0])
                throw error
            }
        }
    }

    private static func exchange(
        through connection: RawConnection, _ streams: any ExecStreams
    ) async throws -> ExecEnd {
        try await connection.use { inbound, outbound in
            try await withThrowingTaskGroup(of: Void.self) { group in
                defer { group.cancelAll() }
                group.addTask { try await forward(streams, to: outbound) }
                var frames = FrameSplitter()
                while let buffer = try await inbound.next() {
                    for (stream, payload) in frames.frames(in: buffer.readableBytesView) {
                        switch stream {
                        case ExecFrame.output: try await streams.write(Array(payload), to: .output)
                        case ExecFrame.errors: try await streams.write(Array(payload), to: .errors)
                        default: return end(payload)
                        }
                    }
                }
                try Task.checkCancellation()
                throw APIError(.internal, "the supervisor of the command was killed")
            }
        }
    }

    private static func forward(
        _ streams: any ExecStreams, to outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) async throws {
        while true {
            let frame =
                switch try await streams.instruction() {
                case .input(let bytes): FrameSplitter.frame(ExecFrame.input, bytes)
                case .endOfInput: FrameSplitter.frame(ExecFrame.endOfInput, [])
                case .resize(let size): FrameSplitter.frame(ExecFrame.size, Array("\(size.columns) \(size.rows)".utf8))
                }
            try await outbound.write(ByteBuffer(bytes: frame))
        }
    }

    private static func end(_ payload: ArraySlice<UInt8>) -> ExecEnd {
        let words = String(decoding: payload, as: UTF8.self).split(separator: " ", maxSplits: 1)
        return ExecEnd(
            code: words.first.flatMap { Int($0) } ?? 126, message: words.count > 1 ? String(words[1]) : nil)
    }
}

extension Result where Failure == any Error {
    /// Runs a body and keeps its error.
    fileprivate init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}
