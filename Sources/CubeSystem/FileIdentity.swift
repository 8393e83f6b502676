import CubeLinux
import Glibc
package import SystemPackage

/// The identity of a file, independent of its name.
package struct FileIdentity: Hashable, Codable, Sendable {
    package var device: UInt64
    package var inode: UInt64

    package init(device: UInt64, inode: UInt64) {
        self.device = device
        self.inode = inode
    }

    /// Looks up the file to which a path currently leads. Symbolic links are followed.
    ///
    /// - Throws: `Errno` if the path leads to no file.
    package init(_ path: FilePath) throws {
        var status = stat()
        guard path.withPlatformString({ stat($0, &status) }) == 0 else { throw Errno(rawValue: errno) }
        self.init(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }
}
