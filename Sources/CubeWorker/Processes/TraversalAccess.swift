import Glibc
import SystemPackage

/// Access to the directories of tasks that run as another user than the worker. Such users can traverse the parent
/// directories, but cannot list them.
///
/// Only a worker that runs as root has such tasks, so the directories are opened when the first such task is started.
enum TraversalAccess {
    /// The other entries of the data directory, to which only the worker's user has access. People may have created
    /// some of them with default permissions while the data directory was still closed to others.
    private static let hidden = [
        "drift", "journal.ndjson", "manager", "reconciler", "run", "secrets", "source.json", "status", "tokens",
    ]

    /// Lets other users traverse directories, the first of which is the data directory.
    ///
    /// Directories that belong to another user are left unchanged.
    static func grant(on directories: [String]) throws {
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

    /// Returns the first directory between the root and a path that a user cannot traverse; `nil` if there is none.
    static func obstacle(to path: String, for user: TaskUser) -> String? {
        let upwards = sequence(first: FilePath(path)) { $0.lastComponent == nil ? nil : $0.removingLastComponent() }
        for directory in upwards.reversed() {
            var status = stat()
            guard stat(directory.string, &status) == 0 else { return nil }
            if !user.canPass(status) { return directory.string }
        }
        return nil
    }

    /// Returns the permissions of a file of this user; `nil` if the file does not exist, is a symbolic link or belongs
    /// to another user.
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
    /// Whether the owner and mode of a directory let the user traverse it.
    fileprivate func canPass(_ directory: stat) -> Bool {
        if id == 0 { return true }
        let isOfGroup = group == directory.st_gid || groups.contains(directory.st_gid)
        let right = directory.st_uid == id ? S_IXUSR : isOfGroup ? S_IXGRP : S_IXOTH
        return directory.st_mode & right != 0
    }
}
