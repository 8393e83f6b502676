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
        let permissions: FilePermissions
        do throws(Errno) {
            permissions = try target.stat().permissions.intersection(FilePermissions(rawValue: 0o777))
        } catch {
            throw Failure("cannot read \(path): \(error)")
        }
        try NamedFile.write(try ImageEdit.apply(edits, to: bytes), to: target, permissions: permissions)
        // A new file lacks the permissions that the umask takes away.
        guard chmod(target.string, permissions.rawValue) == 0 else {
            throw Failure("cannot restore the permissions of \(path): \(Errno(rawValue: errno))")
        }
    }
}
