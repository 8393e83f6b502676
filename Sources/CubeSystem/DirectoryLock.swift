import CubeErrors
import Glibc
package import SystemPackage

/// The exclusive lock of a role's directory. It is held until this object or its process ends.
package final class DirectoryLock: Sendable {
    private let descriptor: CInt

    private init(descriptor: CInt) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Creates the directory if it is missing, and locks it.
    ///
    /// - Parameter holder: The name of the holder, such as `cube up`. Errors show it to other processes that try to take the lock.
    /// - Throws: `locked`, with the name of the present holder; `FileError`.
    package static func take(_ directory: FilePath, for holder: String) throws -> DirectoryLock {
        try Directory.create(directory)
        let file = directory.appending("lock")
        let descriptor = try opened(file, O_RDWR | O_CREAT)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let error = FileError.last(file.string)
            close(descriptor)
            guard error.errno == .wouldBlock else { throw error }
            throw Self.failure(directory, try self.holder(of: directory)?.description ?? "another process")
        }
        let text = "\(holder), process \(getpid())\n"
        // Errors are ignored, because the text is only for display. If it is missing, the holder is shown as "another process".
        ftruncate(descriptor, 0)
        pwrite(descriptor, text, text.utf8.count, 0)
        return DirectoryLock(descriptor: descriptor)
    }

    /// - Throws: as ``take(_:for:)`` does if the directory is locked; `FileError`.
    package static func requireFree(_ directory: FilePath) throws {
        if let holder = try holder(of: directory) { throw failure(directory, holder.description) }
    }

    private static func failure(_ directory: FilePath, _ holder: String) -> APIError {
        APIError(.locked, "\(directory) is in use by \(holder)", details: ["holder": holder])
    }

    /// Returns the holder of a directory's lock; `nil` if the directory is not locked.
    package static func holder(of directory: FilePath) throws(FileError) -> Holder? {
        let file = directory.appending("lock")
        let descriptor: CInt
        do throws(FileError) { descriptor = try opened(file, O_RDONLY) } catch {
            if error.errno == .noSuchFileOrDirectory { return nil }
            throw error
        }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_SH | LOCK_NB) != 0 else { return nil }
        let text = try RegularFile.read(file, limit: 64 << 10) ?? []
        return Holder(description: String(decoding: text, as: UTF8.self))
    }

    /// Runs a body while no other process runs one for the same directory. Blocks until it is this process's turn.
    package static func inTurn<Value>(_ directory: FilePath, _ body: () throws -> Value) throws -> Value {
        let descriptor = try opened(directory, O_RDONLY | O_DIRECTORY)
        defer { close(descriptor) }
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { throw FileError.last(directory.string) }
        }
        return try body()
    }

    private static func opened(_ path: FilePath, _ flags: CInt) throws(FileError) -> CInt {
        let descriptor = path.withPlatformString { open($0, flags | O_CLOEXEC, 0o600) }
        guard descriptor >= 0 else { throw .last(path.string) }
        return descriptor
    }

    /// The holder of a lock, such as `cube up, process 4711`.
    package struct Holder: CustomStringConvertible, Sendable {
        package let description: String
        /// The process ID; `nil` if the holder has not written it yet.
        package let process: Int32?

        init(description: String) {
            let line = description.prefix { $0 != "\n" }
            self.description = line.isEmpty ? "another process" : String(line)
            process = line.split(separator: " ").last.flatMap { Int32($0) }
        }
    }
}
