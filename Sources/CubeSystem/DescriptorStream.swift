import CubeLinux
import Glibc
package import SystemPackage

/// Reads or writes a descriptor that belongs to other programs too, such as a terminal, and is therefore left in blocking mode. A task
/// that waits for it can be cancelled.
package actor DescriptorStream {
    private let descriptor: CInt
    private let executor: BlockingExecutor
    /// A pipe whose write end is closed to end all waiting.
    private let wake: (read: CInt, write: CInt)

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// The maximum number of bytes that are written at once. A pipe that is ready has room for as many.
    private static let room = 4096

    package init(_ descriptor: CInt) throws(Errno) {
        var ends: [CInt] = [-1, -1]
        guard cube_pipe(&ends, O_NONBLOCK) == 0 else { throw Errno(rawValue: errno) }
        self.descriptor = descriptor
        executor = BlockingExecutor("cube-descriptor-\(descriptor)")
        wake = (ends[0], ends[1])
    }

    deinit {
        close(wake.read)
        close(wake.write)
    }

    /// Waits for bytes.
    ///
    /// - Returns: at most `limit` bytes; `nil` at the end.
    /// - Throws: `CancellationError`.
    package nonisolated func read(upTo limit: Int) async throws -> [UInt8]? {
        let bytes = await untilCancelled { await self.readBlocking(limit) }
        try Task.checkCancellation()
        return bytes
    }

    /// Writes all bytes.
    ///
    /// - Throws: `Errno` if a write fails, as on a full disk or without a reader; `CancellationError`.
    package nonisolated func write(_ bytes: [UInt8]) async throws {
        let problem = await untilCancelled { await self.writeBlocking(bytes) }
        try Task.checkCancellation()
        if let problem { throw problem }
    }

    private nonisolated func untilCancelled<Value: Sendable>(_ body: @Sendable () async -> Value) async -> Value {
        await withTaskCancellationHandler {
            await body()
        } onCancel: {
            var byte: UInt8 = 0
            // A full pipe wakes as well.
            _ = Glibc.write(wake.write, &byte, 1)
        }
    }

    private func readBlocking(_ limit: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: limit)
        while wait(for: POLLIN) {
            let count = Glibc.read(descriptor, &bytes, limit)
            if count > 0 { return Array(bytes[..<count]) }
            if count == 0 || errno != EINTR && errno != EAGAIN { return nil }
        }
        return nil
    }

    /// - Returns: why not all bytes were written; `nil` if they were.
    private func writeBlocking(_ bytes: [UInt8]) -> Errno? {
        var rest = bytes[...]
        while !rest.isEmpty {
            guard wait(for: POLLOUT) else { return Errno.canceled }
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, min($0.count, Self.room)) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR, errno != EAGAIN {
                return Errno(rawValue: errno)
            }
        }
        return nil
    }

    /// - Returns: whether the descriptor is ready; `false` if waiting was ended.
    private func wait(for event: CInt) -> Bool {
        while true {
            var polled = [
                pollfd(fd: descriptor, events: Int16(event), revents: 0),
                pollfd(fd: wake.read, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&polled, 2, -1) >= 0 || errno == EINTR else { return false }
            if polled[1].revents != 0 { return false }
            if polled[0].revents != 0 { return true }
        }
    }
}
