import Glibc
import SystemPackage

/// Which file a path leads to now.
struct FileIdentity: Hashable, Sendable {
    private let device: UInt64
    private let inode: UInt64

    /// - Throws: `Errno` where it leads to none.
    init(_ path: FilePath) throws {
        var status = stat()
        guard stat(path.string, &status) == 0 else { throw Errno(rawValue: errno) }
        (device, inode) = (UInt64(status.st_dev), UInt64(status.st_ino))
    }
}
