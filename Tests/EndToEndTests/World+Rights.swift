import Foundation
import Glibc

extension World {
    /// Words before a program that take from root what it may do beyond the modes of files; nothing for other users.
    static var withoutPrivileges: [String] { geteuid() == 0 ? ["setpriv", "--bounding-set=-all", "--"] : [] }

    /// Gives or takes the right to write to all files and directories of a tree.
    func setWritable(_ isWritable: Bool, _ tree: URL) throws {
        for path in try paths(in: tree) {
            var status = stat()
            guard lstat(path, &status) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
            let mode = isWritable ? status.st_mode | 0o200 : status.st_mode & ~0o222
            guard chmod(path, mode & 0o7777) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        }
    }

    /// All that a change to a tree would change: of each file and directory its inode, mode, size and times.
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
