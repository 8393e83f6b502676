import CubeErrors
import CubeSystem
import Glibc
import SystemPackage

/// Files and directories of the worker. They are private to its user, replaced atomically and, where required, durable.
///
/// Paths are plain strings here and in the callers, because they are built from known parts, thousands of times per second.
enum LocalFiles {
    /// Reads a whole file.
    ///
    /// - Parameter limit: the maximum size of the file, in bytes.
    /// - Returns: `nil` if the file does not exist.
    static func read(_ path: String, limit: Int = 64 << 20) throws(FileError) -> [UInt8]? {
        try RegularFile.read(FilePath(path), limit: limit)
    }

    /// Replaces a file atomically: a reader sees either the old or the new content.
    ///
    /// - Parameter durably: whether the file must survive a loss of power. It survives the death of the worker in
    ///   either case.
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
                // On a full disk, the temporary file would occupy space that others need.
                unlink(temporary)
                throw error
            }
            if durably { try synchronize(directory) }
        }
    }

    /// Creates a directory that only its owner may access. An existing directory is left unchanged.
    ///
    /// - Parameter parent: the parent directory, if the new directory must survive a loss of power.
    static func makeDirectory(_ path: String, durablyIn parent: String? = nil) throws {
        try reporting(path) {
            guard mkdir(path, 0o700) == 0 else {
                if errno == EEXIST { return }
                throw Errno(rawValue: errno)
            }
            if let parent { try synchronize(parent) }
        }
    }

    /// Returns the names in a directory, sorted; an empty array if the directory does not exist.
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

    /// Removes a file, or a directory with its content. A missing file is not an error. Symbolic links are not followed.
    static func remove(_ path: String) throws {
        if unlink(path) == 0 || errno == ENOENT { return }
        guard errno == EISDIR || errno == EPERM else { throw Errno(rawValue: errno) }
        for name in try names(in: path) { try remove("\(path)/\(name)") }
        guard rmdir(path) == 0 || errno == ENOENT else { throw Errno(rawValue: errno) }
    }

    /// Flushes a directory, so that the names in it survive a loss of power.
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

    /// Whether an error means that the disk is full: either the error of the system call or an `APIError` that reports it.
    static func isFullDisk(_ error: any Error) -> Bool {
        (error as? Errno)?.isFullDisk ?? ((error as? APIError)?.reason == .storageFull)
    }
}

extension Errno {
    /// Whether the disk is full or the user's quota is exceeded.
    var isFullDisk: Bool { self == .noSpace || self == .diskQuotaExceeded }
}
