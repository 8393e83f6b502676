import CubeImport
import CubeSystem
import Glibc
import SystemPackage

extension FileContent {
    /// Reads a file of this machine.
    ///
    /// - Parameter path: an absolute path.
    static func read(_ path: String) -> FileContent {
        var status = stat()
        guard stat(path, &status) == 0 else {
            return errno == ENOENT || errno == ENOTDIR ? .missing : .unreadable("\(Errno(rawValue: errno))")
        }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: return .directory
        case S_IFREG: break
        default: return .special
        }
        do throws(FileError) {
            guard let bytes = try RegularFile.read(FilePath(path), limit: NamedFile.limit) else { return .missing }
            return .file(
                bytes, isExecutable: status.st_mode & S_IXUSR != 0, isPrivate: status.st_mode & 0o007 == 0)
        } catch {
            return .unreadable("\(error.cause)")
        }
    }
}
