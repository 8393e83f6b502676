import Glibc
import SystemPackage

/// The way to the directories of tasks, for tasks that run as another user than the worker: they can pass through, and list
/// nothing on it.
///
/// Only a worker that runs as root has such tasks, so the way is opened when the first of them is started.
enum Passage {
    /// What lies beside the way in the data directory, and is nobody's but the worker's user's. Some of it may have been made
    /// by people, with the rights that new files have, when nobody could get there.
    private static let hidden = [
        "drift", "journal.ndjson", "manager", "reconciler", "run", "secrets", "source.json", "status", "tokens",
    ]

    /// Lets other users pass through directories, the first of which is the data directory.
    ///
    /// A directory that another user owns is left as it is.
    static func open(_ directories: [String]) throws {
        if let data = directories.first, let mode = try ownMode(of: data), mode & 0o011 != 0o011 {
            for name in hidden {
                let path = "\(data)/\(name)"
                if let mode = try ownMode(of: path), mode & 0o077 != 0 { try change(path, to: mode & 0o700) }
            }
        }
        for path in directories {
            if let mode = try ownMode(of: path), mode & 0o011 != 0o011 { try change(path, to: mode | 0o011) }
        }
    }

    /// The first directory on the way from the root to a path that a user cannot pass through; `nil` where there is none.
    static func obstacle(to path: String, for user: TaskUser) -> String? {
        let upwards = sequence(first: FilePath(path)) { $0.lastComponent == nil ? nil : $0.removingLastComponent() }
        for directory in upwards.reversed() {
            var status = stat()
            guard stat(directory.string, &status) == 0 else { return nil }
            if !user.canPass(status) { return directory.string }
        }
        return nil
    }

    /// - Returns: `nil` where nothing is there, or a link, or what another user owns.
    private static func ownMode(of path: String) throws -> mode_t? {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT { return nil }
            throw Errno(rawValue: errno)
        }
        guard status.st_mode & S_IFMT != S_IFLNK, status.st_uid == geteuid() else { return nil }
        return status.st_mode & 0o7777
    }

    private static func change(_ path: String, to mode: mode_t) throws {
        guard chmod(path, mode) == 0 else { throw Errno(rawValue: errno) }
    }
}

extension TaskUser {
    /// Whether a directory of this owner and mode lets the user pass through it.
    fileprivate func canPass(_ directory: stat) -> Bool {
        if id == 0 { return true }
        let isOfGroup = group == directory.st_gid || groups.contains(directory.st_gid)
        let right = directory.st_uid == id ? S_IXUSR : isOfGroup ? S_IXGRP : S_IXOTH
        return directory.st_mode & right != 0
    }
}
