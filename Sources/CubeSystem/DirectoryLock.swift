import CubeErrors
import Glibc
package import SystemPackage

/// The right to use a role's directory, held for as long as this object or its process lives.
package final class DirectoryLock: Sendable {
    private let descriptor: CInt

    private init(descriptor: CInt) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Creates the directory if it is missing, and locks it.
    ///
    /// - Parameter holder: who takes it, for those who come second, such as `cube up`.
    /// - Throws: `locked`, naming the holder; `FileError`.
    package static func take(_ directory: FilePath, for holder: String) throws -> DirectoryLock {
        try Directory.create(directory)
        let file = directory.appending("lock")
        let descriptor = try opened(file, O_RDWR | O_CREAT)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let error = FileError.last(file.string)
            close(descriptor)
            guard error.errno == .wouldBlock else { throw error }
            let other = try self.holder(of: directory)?.description ?? "another process"
            throw APIError(.locked, "\(directory) is in use by \(other)", details: ["holder": other])
        }
        let text = "\(holder), process \(getpid())\n"
        // The lock counts, not the text: on a full disk, those who come second are told of "another process".
        ftruncate(descriptor, 0)
        pwrite(descriptor, text, text.utf8.count, 0)
        return DirectoryLock(descriptor: descriptor)
    }

    /// Who has locked a directory; `nil` if nobody has.
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

    /// Runs a body while no other process runs one for the same directory: they take turns.
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

    /// Who holds a lock: `cube up, process 4711`.
    package struct Holder: CustomStringConvertible, Sendable {
        package let description: String
        /// `nil` in the instant before the holder has written it.
        package let process: Int32?

        init(description: String) {
            let line = description.prefix { $0 != "\n" }
            self.description = line.isEmpty ? "another process" : String(line)
            process = line.split(separator: " ").last.flatMap { Int32($0) }
        }
    }
}
