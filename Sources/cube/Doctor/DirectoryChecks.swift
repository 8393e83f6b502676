import CubeManager
import CubeCore
import CubeSystem
import CubeText
import Glibc
import SystemPackage

/// The manifests directory must exist and be readable, unless the manifests come from a git repository.
struct ManifestsCheck: Check {
    var path: FilePath
    /// The error from opening the directory; `nil` if there was none.
    var problem: Errno?
    /// The source of the last reconciler; `nil` if there was none.
    var source: SourceRevision?

    let title = "manifests"
    var verdict: Verdict {
        guard let problem else { return .good(path.string) }
        if problem == .noSuchFileOrDirectory, let source, source.url != nil { return .good(source.words) }
        let hint =
            switch problem {
            case .permissionDenied: "make it readable for this user (`chmod u+rx`), or run Cube as its owner"
            case .notDirectory: "set --manifests to a directory"
            default: "write a first manifest with `cube init`, or select another directory with --manifests"
            }
        return .bad("\(path): \(problem)", hint: hint)
    }

    static func measure(_ path: FilePath, source: SourceRevision? = nil) -> ManifestsCheck {
        let directory = opendir(path.string)
        guard let directory else { return ManifestsCheck(path: path, problem: Errno(rawValue: errno), source: source) }
        closedir(directory)
        return ManifestsCheck(path: path, problem: nil)
    }
}

/// The data directory must belong to this user, be writable, have free space, be closed to other users, and be on a
/// file system that SQLite supports.
struct DataDirectoryCheck: Check {
    var path: FilePath
    /// The owner and mode of the directory; `nil` if it does not exist yet.
    var found: Found?
    /// Whether this user can write to the directory or, if it does not exist yet, to the directory in which it will be
    /// created.
    var isWritable: Bool
    var user: uid_t
    var freeBytes: UInt64
    /// The type of its file system, such as `ext4`.
    var fileSystem: String

    struct Found: Hashable {
        var owner: uid_t
        var mode: mode_t
    }

    let title = "data directory"
    var verdict: Verdict {
        if let found, found.owner != user {
            return .bad("\(path) belongs to user \(found.owner), not \(user)", hint: "run Cube as its owner")
        }
        if !isWritable { return .bad("\(path) is not writable", hint: "select another directory with --data-dir") }
        if Self.networkFileSystems.contains(fileSystem) {
            return .bad(
                "\(path) is on \(fileSystem), a network file system, on which SQLite may lose committed data",
                hint: "select a directory on a local disk with --data-dir")
        }
        if freeBytes < 64 << 20 {
            return .bad(
                "\(path) has only \(freeBytes >> 20) MiB free",
                hint: "free some disk space; tasks are not stopped until the directory can be written")
        }
        // Warnings come last, so that they hide nothing that is bad.
        let space = freeBytes < 1 << 30 ? "has only \(freeBytes >> 20) MiB free" : nil
        // The execute bit is allowed: tasks with a `user` pass through this directory to their own.
        if let found, found.mode & 0o066 != 0 {
            return .warning(
                "\(path) is accessible to other users\(space.map { ", and \($0)" } ?? "")",
                hint: "run `chmod go-rw \(path)`; it contains tokens and output"
                    + (space == nil ? "" : "; free some disk space"))
        }
        if let space { return .warning("\(path) \(space)", hint: "free some disk space") }
        return .good(found == nil ? "\(path) (not created yet)" : path.string)
    }

    private static let networkFileSystems: Set = [
        "nfs", "nfs4", "cifs", "smb3", "afs", "9p", "ceph", "fuse.sshfs", "glusterfs",
    ]

    static func measure(_ path: FilePath) throws -> DataDirectoryCheck {
        // A directory that cannot be examined counts as one that does not exist yet.
        let status = try? path.stat()
        var existing = path
        while !existing.exists, existing.removeLastComponent() {}
        var volume = statvfs()
        statvfs(existing.string, &volume)
        return DataDirectoryCheck(
            path: path, found: status.map { Found(owner: $0.userID.rawValue, mode: $0.permissions.rawValue & 0o777) },
            isWritable: access(existing.string, W_OK | X_OK) == 0, user: getuid(),
            freeBytes: UInt64(volume.f_bavail) * UInt64(volume.f_frsize), fileSystem: try kind(of: existing))
    }

    /// The file system type of the innermost mount that contains the path, from the kernel's mount table.
    private static func kind(of path: FilePath) throws -> String {
        let table = String(decoding: try NamedFile.read("/proc/self/mountinfo") ?? [], as: UTF8.self)
        let mounts = table.split(separator: "\n").compactMap { line -> (point: FilePath, kind: Substring)? in
            let words = line.split(separator: " ")
            guard words.count > 5, let dash = words.firstIndex(of: "-"), dash + 1 < words.count else { return nil }
            return (FilePath(String(words[4])), words[dash + 1])
        }
        let inner = mounts.filter { path.starts(with: $0.point) }.max {
            $0.point.components.count < $1.point.components.count
        }
        return inner.map { String($0.kind) } ?? "an unknown file system"
    }
}

/// The manager's store must be a SQLite database, once it exists.
struct StoreCheck: Check {
    var path: FilePath
    /// The first bytes of the file; `nil` if the store does not exist yet.
    var header: [UInt8]?
    /// A store that existed once and is gone.
    var lost: LostStore?
    var data = DataDirectory.standard()

    let title = "store"
    var verdict: Verdict {
        if let failure = lost?.failure { return .bad(failure.message, hint: failure.hint ?? "") }
        guard let header else { return .good("not created yet") }
        if header.isEmpty || header.starts(with: Array("SQLite format 3\0".utf8)) { return .good(path.string) }
        return .bad(
            "\(path) is not a SQLite database",
            hint: "restore a backup with \(data.command("manager restore FILE")); running tasks are not affected")
    }

    static func measure(_ data: DataDirectory) throws -> StoreCheck {
        let path = data.manager.appending(SQLiteStore.fileName)
        guard let file = try RegularFile.open(path) else {
            return StoreCheck(path: path, header: nil, lost: try LostStore.find(in: data), data: data)
        }
        return StoreCheck(path: path, header: try file.prefix(16), data: data)
    }
}
