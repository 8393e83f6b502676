import CubeErrors
import CubeSystem
import Glibc
import SystemPackage

/// Files and directories of the worker: private to its user, replaced as a whole, and durable where that counts.
///
/// Paths are plain strings here and in what uses it: they are made of known parts, thousands of them in a second.
enum LocalFiles {
    /// - Parameter limit: how many bytes it may have.
    /// - Returns: `nil` where there is none.
    static func read(_ path: String, limit: Int = 64 << 20) throws(FileError) -> [UInt8]? {
        try RegularFile.read(FilePath(path), limit: limit)
    }

    /// Replaces a file, so that a reader sees the old one or the new one.
    ///
    /// - Parameter durably: whether it must survive a loss of power. A worker that is killed loses nothing either way.
    /// - Throws: `storage_full`, or `internal` with the path and the error.
    static func write(_ bytes: [UInt8], to name: String, in directory: String, durably: Bool) throws {
        let (path, temporary) = ("\(directory)/\(name)", "\(directory)/.\(name).new")
        try reporting(path) {
            let descriptor = try FileDescriptor.open(
                temporary, .writeOnly, options: [.create, .truncate, .closeOnExec], permissions: .ownerReadWrite)
            do {
                try descriptor.closeAfter {
                    try descriptor.writeAll(bytes)
                    guard !durably || fsync(descriptor.rawValue) == 0 else { throw Errno(rawValue: errno) }
                }
                guard rename(temporary, path) == 0 else { throw Errno(rawValue: errno) }
            } catch {
                // On a full disk it would keep the room that others need.
                unlink(temporary)
                throw error
            }
            if durably { try synchronize(directory) }
        }
    }

    /// Makes a directory that only its owner may enter. One that exists is left as it is.
    ///
    /// - Parameter parent: where it is made, if it must survive a loss of power.
    static func makeDirectory(_ path: String, durablyIn parent: String? = nil) throws {
        try reporting(path) {
            guard mkdir(path, 0o700) == 0 else {
                if errno == EEXIST { return }
                throw Errno(rawValue: errno)
            }
            if let parent { try synchronize(parent) }
        }
    }

    /// The names in a directory, sorted; empty where there is no such directory.
    static func names(in directory: String) throws -> [String] {
        guard let listing = opendir(directory) else {
            if errno == ENOENT { return [] }
            throw Errno(rawValue: errno)
        }
        defer { closedir(listing) }
        var names: [String] = []
        while let entry = readdir(listing) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Removes a file, or a directory with all that is in it; what is not there is no error. No link is followed.
    static func remove(_ path: String) throws {
        if unlink(path) == 0 || errno == ENOENT { return }
        guard errno == EISDIR || errno == EPERM else { throw Errno(rawValue: errno) }
        for name in try names(in: path) { try remove("\(path)/\(name)") }
        guard rmdir(path) == 0 || errno == ENOENT else { throw Errno(rawValue: errno) }
    }

    /// Has the names in a directory survive a loss of power.
    static func synchronize(_ directory: String) throws {
        let descriptor = try FileDescriptor.open(directory, .readOnly, options: [.directory, .closeOnExec])
        try descriptor.closeAfter {
            guard fsync(descriptor.rawValue) == 0 else { throw Errno(rawValue: errno) }
        }
    }

    private static func reporting(_ path: String, _ body: () throws -> Void) throws(APIError) {
        do {
            try body()
        } catch {
            throw APIError(isFullDisk(error) ? .storageFull : .internal, "\(path): \(error)")
        }
    }

    /// Whether an error says that there is no room on the disk: the system's own, or one of those that say so for it.
    static func isFullDisk(_ error: any Error) -> Bool {
        (error as? Errno)?.isFullDisk ?? ((error as? APIError)?.reason == .storageFull)
    }
}

extension Errno {
    /// Whether there is no room on the disk, or none for this user.
    var isFullDisk: Bool { self == .noSpace || self == .diskQuotaExceeded }
}
