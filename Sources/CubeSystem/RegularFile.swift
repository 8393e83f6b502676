import CubeLinux
import Glibc
package import SystemPackage

/// A regular file that is open for reading. All files that a user or a manifest names are read through this type.
///
/// A name may lead anywhere: to a pipe without a writer, to an endless device, to a file that grows while it is read.
/// Therefore, only regular files are opened, opening and reading never block, and no more is read than the caller allows.
package struct RegularFile: ~Copyable {
    package enum Links: Sendable {
        /// The path may contain symbolic links.
        case follow
        /// The last component of the name must not be a symbolic link.
        case refuse
    }

    /// The file descriptor, for callers that check the mode or the owner. It is closed at the end of this value's lifetime.
    package let descriptor: CInt
    private let path: String

    private init(owning descriptor: CInt, at path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit { close(descriptor) }

    /// Opens a file of this machine.
    ///
    /// - Returns: `nil` if the file does not exist, or if a symbolic link is dangling.
    /// - Throws: if the path names something other than a regular file, or if a system call fails.
    package static func open(_ path: FilePath, links: Links = .follow) throws(FileError) -> RegularFile? {
        let shown = path.string
        return try open(shown) { flags in
            path.withPlatformString { Glibc.open($0, links == .refuse ? flags | O_NOFOLLOW : flags) }
        }
    }

    /// Opens a file below a directory. The path may contain no symbolic link and never leads out of the directory.
    ///
    /// - Parameter path: a path relative to the directory. Names are bytes and need not be valid UTF-8.
    /// - Returns: `nil` if the file does not exist, or if a parent of the path is not a directory.
    /// - Throws: if the path names something other than a regular file, or if a system call fails.
    package static func open(_ path: FilePath, beneath directory: CInt) throws(FileError) -> RegularFile? {
        let shown = path.string
        return try open(shown) { flags in
            path.withPlatformString { cube_open_beneath(directory, $0, flags) }
        }
    }

    private static func open(_ path: String, _ open: (CInt) -> CInt) throws(FileError) -> RegularFile? {
        // The first descriptor (O_PATH) does not open the file itself, because opening a device may have side effects,
        // such as arming a watchdog.
        guard let found = try opened(path, { open(cube_o_path | O_CLOEXEC) }) else { return nil }
        _ = try RegularFile(owning: found, at: path).status()
        guard let descriptor = try opened(path, { open(O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) }) else {
            return nil
        }
        // The name may refer to another file by now.
        let file = RegularFile(owning: descriptor, at: path)
        _ = try file.status()
        return file
    }

    private static func opened(_ path: String, _ open: () -> CInt) throws(FileError) -> CInt? {
        while true {
            let descriptor = open()
            if descriptor >= 0 { return descriptor }
            switch errno {
            case EINTR: continue
            case ENOENT, ENOTDIR: return nil
            default: throw .last(path)
            }
        }
    }

    /// Reads a whole file of this machine.
    ///
    /// - Parameter limit: the maximum size of the file, in bytes.
    /// - Returns: `nil` if the file does not exist, or if a symbolic link is dangling.
    /// - Throws: as ``open(_:links:)``, and if the file is larger than the limit.
    package static func read(_ path: FilePath, limit: Int, links: Links = .follow) throws(FileError) -> [UInt8]? {
        guard let file = try open(path, links: links) else { return nil }
        return try file.bytes(limit: limit)
    }

    /// Returns the current size, mode, owner and times of the file.
    ///
    /// - Throws: if it is not a regular file.
    func status() throws(FileError) -> stat {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .last(path) }
        let what =
            switch status.st_mode & S_IFMT {
            case S_IFREG: ""
            case S_IFDIR: "a directory"
            case S_IFLNK: "a symbolic link"
            case S_IFIFO: "a named pipe"
            case S_IFSOCK: "a socket"
            case S_IFCHR, S_IFBLK: "a device"
            default: "something else"
            }
        guard what.isEmpty else { throw FileError(path: path, cause: .notRegular(what: what)) }
        return status
    }

    /// Reads the whole content of the file.
    ///
    /// - Parameter limit: the maximum size, in bytes. The size is checked before anything is read, and again while
    ///   reading, because a file may grow and files in `/proc` report no size.
    /// - Throws: if the file is larger than the limit.
    package func bytes(limit: Int) throws(FileError) -> [UInt8] {
        guard try status().st_size <= limit else { throw FileError(path: path, cause: .tooLarge(limit: limit)) }
        let bytes = try prefix(limit + 1)
        guard bytes.count <= limit else { throw FileError(path: path, cause: .tooLarge(limit: limit)) }
        return bytes
    }

    /// Reads the first `count` bytes of the file, or all of it if it is shorter.
    package func prefix(_ count: Int) throws(FileError) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            var got = 0
            bytes += [UInt8](unsafeUninitializedCapacity: min(count - bytes.count, 64 << 10)) { buffer, filled in
                got = Glibc.read(descriptor, buffer.baseAddress!, buffer.count)
                filled = max(got, 0)
            }
            if got == 0 { break }
            if got < 0, errno != EINTR { throw .last(path) }
        }
        return bytes
    }
}

extension FileError {
    /// The error of the last failed system call.
    package static func last(_ path: String) -> FileError { FileError(path: path, cause: Errno(rawValue: Glibc.errno)) }
}
