import Glibc
package import SystemPackage

/// Operations on directories that the reconciler, the manager, the worker and the command line share.
package enum Directory {
    /// Creates a directory and any missing parent directories. An existing directory is not changed.
    ///
    /// - Parameter permissions: the permissions of each new directory, before the umask; default: access for this user only.
    package static func create(
        _ path: FilePath, permissions: FilePermissions = .ownerReadWriteExecute
    ) throws(FileError) {
        func isThere() -> Bool {
            path.withPlatformString { mkdir($0, permissions.rawValue) } == 0 || errno == EEXIST
        }
        if isThere() { return }
        let error = FileError.last(path.string)
        let parent = path.removingLastComponent()
        guard error.errno == .noSuchFileOrDirectory, !parent.isEmpty else { throw error }
        try create(parent, permissions: permissions)
        guard isThere() else { throw .last(path.string) }
    }

    /// Makes the names in a directory durable, so that they survive a loss of power.
    package static func synchronize(_ path: FilePath, calls: DiskCalls = .system) throws(FileError) {
        let directory = path.isEmpty ? "." : path
        let descriptor = directory.withPlatformString { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw .last(directory.string) }
        defer { close(descriptor) }
        do throws(FileError) { try calls.synchronize(descriptor, directory.string) } catch {
            // Some network and FUSE file systems refuse fsync on a directory, and offer nothing in its place.
            guard error.errno == .invalidArgument || error.errno == .notSupported else { throw error }
        }
    }
}

extension FilePath {
    /// Whether a file exists at this path, as far as this user can see. Symbolic links are followed.
    package var exists: Bool { withPlatformString { access($0, F_OK) } == 0 }
}
