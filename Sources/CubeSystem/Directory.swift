import Glibc
package import SystemPackage

/// What reconciler, manager, worker and the command line do with directories in one way.
package enum Directory {
    /// Creates a directory that only its user may enter, and those above it that are missing. One that exists stays as it is.
    package static func create(_ path: FilePath) throws(FileError) {
        func isThere() -> Bool { path.withPlatformString { mkdir($0, 0o700) } == 0 || errno == EEXIST }
        if isThere() { return }
        let error = FileError.last(path.string)
        let parent = path.removingLastComponent()
        guard error.errno == .noSuchFileOrDirectory, !parent.isEmpty else { throw error }
        try create(parent)
        guard isThere() else { throw .last(path.string) }
    }

    /// Makes the names in a directory survive a loss of power.
    package static func synchronize(_ path: FilePath, calls: DiskCalls = .system) throws(FileError) {
        let directory = path.isEmpty ? "." : path
        let descriptor = directory.withPlatformString { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw .last(directory.string) }
        defer { close(descriptor) }
        try calls.synchronize(descriptor, directory.string)
    }
}

extension FilePath {
    /// Whether something is there, links followed, as far as this user can see.
    package var exists: Bool { withPlatformString { access($0, F_OK) } == 0 }
}
