import CubeManager
import CubeCore
import CubeSystem
import CubeText
import Glibc
import SystemPackage

/// The manifests must be there and readable, unless they are read from a repository.
struct ManifestsCheck: Check {
    var path: FilePath
    /// What keeps it from being read; `nil`: nothing.
    var problem: Errno?
    /// Where the last reconciler read manifests from; `nil`: there was none.
    var source: SourceRevision?

    let title = "manifests"
    var verdict: Verdict {
        guard let problem else { return .good(path.string) }
        if problem == .noSuchFileOrDirectory, let source, source.url != nil { return .good(source.words) }
        let hint =
            switch problem {
            case .permissionDenied: "give this user the right to read it (`chmod u+rx`), or run Cube as its owner"
            case .notDirectory: "--manifests names a directory"
            default: "`cube init` makes a first one; --manifests names another directory"
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

/// The data directory must be this user's alone, writable, with room, and on a file system that SQLite can trust.
struct DataDirectoryCheck: Check {
    var path: FilePath
    /// `nil`: it does not exist yet.
    var found: Found?
    /// Whether this user may write to it, or, while it does not exist, to the directory that it will be made in.
    var isWritable: Bool
    var user: uid_t
    var freeBytes: UInt64
    /// The kind of its file system, such as `ext4`.
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
        if !isWritable { return .bad("\(path) is not writable", hint: "--data-dir names another directory") }
        // Tasks with a `user` pass through it to their own directories.
        if let found, found.mode & 0o066 != 0 {
            return .warning(
                "\(path) is open to other users", hint: "`chmod go-rw \(path)`: tokens and output are in it")
        }
        if Self.networkFileSystems.contains(fileSystem) {
            return .bad(
                "\(path) is on \(fileSystem), a network file system, where SQLite may lose what it promised",
                hint: "--data-dir names a directory on a local disk")
        }
        if freeBytes < 64 << 20 {
            return .bad(
                "\(path) has only \(freeBytes >> 20) MiB free", hint: "make room: stops wait until it can be written")
        }
        if freeBytes < 1 << 30 {
            return .warning("\(path) has only \(freeBytes >> 20) MiB free", hint: "make room")
        }
        return .good(found == nil ? "\(path) (not made yet)" : path.string)
    }

    private static let networkFileSystems: Set = [
        "nfs", "nfs4", "cifs", "smb3", "afs", "9p", "ceph", "fuse.sshfs", "glusterfs",
    ]

    static func measure(_ path: FilePath) throws -> DataDirectoryCheck {
        var status = stat()
        let exists = stat(path.string, &status) == 0
        var existing = path
        while !existing.exists, existing.removeLastComponent() {}
        var volume = statvfs()
        statvfs(existing.string, &volume)
        return DataDirectoryCheck(
            path: path, found: exists ? Found(owner: status.st_uid, mode: status.st_mode & 0o777) : nil,
            isWritable: access(existing.string, W_OK | X_OK) == 0, user: getuid(),
            freeBytes: UInt64(volume.f_bavail) * UInt64(volume.f_frsize), fileSystem: try kind(of: existing))
    }

    /// From the kernel's table of mounts: the kind of the innermost one that holds the path.
    private static func kind(of path: FilePath) throws -> String {
        let table = String(decoding: try AtomicFile.read("/proc/self/mountinfo") ?? [], as: UTF8.self)
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

/// The manager's store, once there is one.
struct StoreCheck: Check {
    var path: FilePath
    /// The first bytes of the file; `nil`: there is none yet.
    var header: [UInt8]?
    /// What remains of a store that was there once.
    var lost: LostStore?

    let title = "store"
    var verdict: Verdict {
        if let failure = lost?.failure { return .bad(failure.message, hint: failure.hint ?? "") }
        guard let header else { return .good("not made yet") }
        if header.isEmpty || header.starts(with: Array("SQLite format 3\0".utf8)) { return .good(path.string) }
        return .bad(
            "\(path) is not a SQLite database",
            hint: "`cube manager restore FILE` puts a backup in its place; tasks that run are not touched")
    }

    static func measure(_ data: DataDirectory) throws -> StoreCheck {
        let path = data.manager.appending(SQLiteStore.fileName)
        guard let file = try RegularFile.open(path) else {
            return StoreCheck(path: path, header: nil, lost: try LostStore.find(in: data))
        }
        return StoreCheck(path: path, header: try file.prefix(16))
    }
}
