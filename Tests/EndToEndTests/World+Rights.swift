import Foundation
import Glibc

extension World {
    /// A command prefix that drops root's permission to bypass file modes; empty for other users.
    static var withoutPrivileges: [String] { geteuid() == 0 ? ["setpriv", "--bounding-set=-all", "--"] : [] }

    /// Adds or removes write permission on all files and directories of a tree.
    func setWritable(_ isWritable: Bool, _ tree: URL) throws {
        for path in try paths(in: tree) {
            var status = stat()
            guard lstat(path, &status) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
            let mode = isWritable ? status.st_mode | 0o200 : status.st_mode & ~0o222
            guard chmod(path, mode & 0o7777) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        }
    }

    /// Returns the inode, mode, size and times of each file and directory of a tree, which any change to the tree alters.
    func listing(of tree: URL) throws -> [String: [Int]] {
        try paths(in: tree).reduce(into: [:]) { listing, path in
            var status = stat()
            guard lstat(path, &status) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
            listing[path] = [
                Int(status.st_ino), Int(status.st_mode), Int(status.st_size), status.st_mtim.tv_sec,
                status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec,
            ]
        }
    }

    private func paths(in tree: URL) throws -> [String] {
        [tree.path] + (try FileManager.default.subpathsOfDirectory(atPath: tree.path)).map { "\(tree.path)/\($0)" }
    }
}
