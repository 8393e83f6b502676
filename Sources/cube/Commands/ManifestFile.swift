import CubeCore
import CubeSystem
import Glibc
import SystemPackage

/// A manifest file that a command changes.
enum ManifestFile {
    /// Replaces parts of a file. Its permissions stay, and a symbolic link to it stays a link.
    static func rewrite(_ path: FilePath, _ edits: [ImageEdit]) throws {
        guard let resolved = realpath(path.string, nil) else {
            throw Failure("cannot read \(path): \(Errno(rawValue: errno))")
        }
        defer { free(resolved) }
        let target = FilePath(String(cString: resolved))
        guard let bytes = try NamedFile.read(target, limit: ManifestDecoder.maximumSize) else {
            throw Failure("\(path) was removed meanwhile")
        }
        var status = stat()
        guard stat(target.string, &status) == 0 else { throw Failure("cannot read \(path): \(Errno(rawValue: errno))") }
        let mode = FilePermissions(rawValue: CInterop.Mode(status.st_mode & 0o777))
        try NamedFile.write(try ImageEdit.apply(edits, to: bytes), to: target, permissions: mode)
        // A new file lacks the permissions that the umask takes away.
        guard chmod(target.string, status.st_mode & 0o777) == 0 else {
            throw Failure("cannot restore the permissions of \(path): \(Errno(rawValue: errno))")
        }
    }
}
