import Glibc
import SystemPackage

/// A file that is there whole or not at all, and never takes the place of another one.
enum NewFile {
    static func exists(_ path: FilePath) -> Failure {
        Failure("\(path) exists, and nothing is overwritten", hint: "name another file")
    }

    /// Writes a file for its user alone, durably.
    ///
    /// - Parameter write: Writes it, piece by piece.
    static func write(to path: FilePath, _ write: (_ sink: ([UInt8]) throws -> Void) async throws -> Void) async throws
    {
        let temporary = "\(path.string).\(getpid()).part"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileProblem(path: path, doing: "write", errno: errno) }
        defer {
            close(descriptor)
            unlink(temporary)
        }
        let file = FileDescriptor(rawValue: descriptor)
        try await write { bytes in
            do { _ = try file.writeAll(bytes) } catch let error as Errno {
                throw FileProblem(path: path, doing: "write", errno: error.rawValue)
            }
        }
        guard fsync(descriptor) == 0 else { throw FileProblem(path: path, doing: "write", errno: errno) }
        guard link(temporary, path.string) == 0 else {
            if errno == EEXIST { throw exists(path) }
            throw FileProblem(path: path, doing: "write", errno: errno)
        }
        let directory = open(path.removingLastComponent().string, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw FileProblem(path: path, doing: "write", errno: errno) }
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw FileProblem(path: path, doing: "write", errno: errno) }
    }
}
