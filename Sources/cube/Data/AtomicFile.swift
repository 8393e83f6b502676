import CubeSystem
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

    /// How large a file may be that a person names: 16 MiB, of which no such file has a tenth.
    static let namedLimit = 16 << 20

    /// The bytes of a file; `nil` where there is none. It blocks on no pipe and reads no device.
    ///
    /// - Parameter limit: how many bytes it may have.
    static func read(_ path: FilePath, limit: Int = namedLimit) throws -> [UInt8]? {
        do throws(FileError) { return try RegularFile.read(path, limit: limit) } catch {
            throw Failure("cannot read \(path): \(error.cause)")
        }
    }
}
