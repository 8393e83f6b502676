import CubeErrors
import CubeSystem
import Glibc
import SystemPackage

/// The right to use a role's directory, held for as long as this object or its process lives.
final class DirectoryLock: Sendable {
    private let descriptor: Int32

    private init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Makes the directory where it is missing, and locks it.
    ///
    /// - Parameter holder: who takes it, for those who come second, such as `cube up`.
    /// - Throws: `locked`, naming the holder.
    static func take(_ directory: FilePath, for holder: String) throws -> DirectoryLock {
        try directory.makeDirectory()
        let file = directory.appending("lock")
        let descriptor = open(file.string, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileProblem(doing: "open", .last(file.string)) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let error = FileError.last(file.string)
            close(descriptor)
            guard error.errno == .wouldBlock else { throw FileProblem(doing: "lock", error) }
            let other = try self.holder(of: directory)?.description ?? "another process"
            throw APIError(.locked, "\(directory) is in use by \(other)", details: ["holder": other])
        }
        let text = "\(holder), process \(getpid())\n"
        ftruncate(descriptor, 0)
        pwrite(descriptor, text, text.utf8.count, 0)
        return DirectoryLock(descriptor: descriptor)
    }

    /// Who has locked a directory; `nil` where nobody has.
    static func holder(of directory: FilePath) throws -> Holder? {
        let file = directory.appending("lock")
        let descriptor = open(file.string, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw FileProblem(doing: "open", .last(file.string))
        }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_SH | LOCK_NB) != 0 else { return nil }
        return Holder(description: String(decoding: try NamedFile.read(file) ?? [], as: UTF8.self))
    }

    /// Who holds a lock: `cube up, process 4711`.
    struct Holder: CustomStringConvertible {
        let description: String
        /// `nil` in the instant before the holder has written it.
        let process: pid_t?

        init(description: String) {
            let line = description.prefix { $0 != "\n" }
            self.description = line.isEmpty ? "another process" : String(line)
            process = line.split(separator: " ").last.flatMap { pid_t($0) }
        }
    }
}
