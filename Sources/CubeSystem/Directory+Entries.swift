package import CubeCore
package import Glibc
package import SystemPackage

extension Directory {
    package struct Entry: Hashable, Sendable {
        package var name: BytePath
        /// The type of the entry, as the `S_IFMT` bits of its mode; 0 if the entry was removed meanwhile.
        package var type: mode_t
    }

    /// Reads the entries of a directory without `.` and `..`, sorted by the bytes of their names, and closes the descriptor.
    ///
    /// - Parameter path: the path that errors name.
    package static func entries(consuming descriptor: CInt, path: String) throws(FileError) -> [Entry] {
        guard let stream = fdopendir(descriptor) else {
            let error = FileError.last(path)
            close(descriptor)
            throw error
        }
        defer { closedir(stream) }
        var entries: [Entry] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                guard errno == 0 else { throw .last(path) }
                break
            }
            let start = UnsafeRawPointer(entry) + MemoryLayout<dirent>.offset(of: \.d_name)!
            let bytes = start.assumingMemoryBound(to: CChar.self)
            let name = BytePath(UnsafeRawBufferPointer(start: bytes, count: strlen(bytes)))
            if name == "." || name == ".." { continue }
            // `d_type` contains the type bits of a mode, shifted. Some file systems do not report the type.
            let type = mode_t(entry.pointee.d_type) << 12
            entries.append(Entry(name: name, type: type == 0 ? self.type(of: bytes, in: dirfd(stream)) : type))
        }
        return entries.sorted { $0.name < $1.name }
    }

    private static func type(of name: UnsafePointer<CChar>, in directory: CInt) -> mode_t {
        var status = stat()
        return fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 ? status.st_mode & S_IFMT : 0
    }

    /// Returns the names in a directory, sorted by their bytes; `nil` if there is no such directory.
    package static func names(in path: FilePath) throws(FileError) -> [BytePath]? {
        let descriptor = path.withPlatformString { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw .last(path.string)
        }
        return try entries(consuming: descriptor, path: path.string).map(\.name)
    }

    /// Removes a file, or a directory with all of its content. A missing file is not an error. Symbolic links below the path are
    /// not followed, even if another process replaces a directory with a link meanwhile.
    package static func remove(_ path: FilePath) throws(FileError) { try remove(path, in: AT_FDCWD, shown: path) }

    private static func remove(_ name: FilePath, in parent: CInt, shown: FilePath) throws(FileError) {
        if name.withPlatformString({ unlinkat(parent, $0, 0) }) == 0 || errno == ENOENT { return }
        guard errno == EISDIR || errno == EPERM else { throw .last(shown.string) }
        let directory = name.withPlatformString {
            openat(parent, $0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        }
        guard directory >= 0 else { throw .last(shown.string) }
        defer { close(directory) }
        let listing = fcntl(directory, F_DUPFD_CLOEXEC, 0)
        guard listing >= 0 else { throw .last(shown.string) }
        for entry in try entries(consuming: listing, path: shown.string) {
            try remove(FilePath(entry.name), in: directory, shown: shown.appending(entry.name))
        }
        guard name.withPlatformString({ unlinkat(parent, $0, AT_REMOVEDIR) }) == 0 || errno == ENOENT else {
            throw .last(shown.string)
        }
    }
}
