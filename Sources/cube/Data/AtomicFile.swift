import Glibc
import SystemPackage

/// Files that others see whole or not at all.
enum AtomicFile {
    /// Writes beside the file and renames.
    static func write(_ bytes: [UInt8], to path: FilePath, mode: mode_t) throws {
        let temporary = "\(path.string).\(getpid()).tmp"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw FileProblem(path: path, doing: "write", errno: errno) }
        defer { close(descriptor) }
        let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        guard written == bytes.count, fsync(descriptor) == 0, rename(temporary, path.string) == 0 else {
            let problem = written >= 0 && written < bytes.count ? ENOSPC : errno
            unlink(temporary)
            throw FileProblem(path: path, doing: "write", errno: problem)
        }
    }

    /// The bytes of a small file; `nil` where there is none.
    static func read(_ path: FilePath) throws -> [UInt8]? {
        let descriptor = open(path.string, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw FileProblem(path: path, doing: "read", errno: errno)
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileProblem(path: path, doing: "read", errno: errno) }
            if count == 0 { return bytes }
            bytes += buffer.prefix(count)
        }
    }
}
