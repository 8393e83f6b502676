import CubeLinux
import Glibc
package import SystemPackage

/// A regular file, open for reading: the one way to read a file that a person or a manifest names.
///
/// A name may lead anywhere: to a pipe that nobody writes to, to a device that never ends, to a file that grows while it is
/// read. So nothing but a regular file is opened, opening and reading never block, and no more is read than the caller allows.
package struct RegularFile: ~Copyable {
    package enum Links: Sendable {
        /// The name may be a symbolic link, or lead through some.
        case follow
        /// The last component of the name must not be a symbolic link.
        case refuse
    }

    /// Open until this value ends, for those who look at the mode or the owner.
    package let descriptor: CInt
    private let path: String

    private init(owning descriptor: CInt, at path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit { close(descriptor) }

    /// Opens a file of this machine.
    ///
    /// - Returns: `nil` where nothing has this name, or where a link leads to nothing.
    /// - Throws: where the name is not that of a regular file, or where the system refuses.
    package static func open(_ path: FilePath, links: Links = .follow) throws(FileError) -> RegularFile? {
        let shown = path.string
        return try open(shown) { flags in
            path.withPlatformString { Glibc.open($0, links == .refuse ? flags | O_NOFOLLOW : flags) }
        }
    }

    /// Opens a file below a directory. It leads through no link, and never out of the directory.
    ///
    /// - Parameter path: relative to the directory. Names are bytes, so that it need not be text.
    /// - Returns: `nil` where nothing has this name, or where a part of it is not a directory.
    /// - Throws: where the name is not that of a regular file, or where the system refuses.
    package static func open(_ path: FilePath, beneath directory: CInt) throws(FileError) -> RegularFile? {
        let shown = path.string
        return try open(shown) { flags in
            path.withPlatformString { cube_open_beneath(directory, $0, flags) }
        }
    }

    private static func open(_ path: String, _ open: (CInt) -> CInt) throws(FileError) -> RegularFile? {
        // First without opening what is there: opening a device may do something, such as to arm a watchdog.
        guard let found = try opened(path, { open(cube_o_path | O_CLOEXEC) }) else { return nil }
        _ = try RegularFile(owning: found, at: path).status()
        guard let descriptor = try opened(path, { open(O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) }) else {
            return nil
        }
        // Something else may have this name by now.
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

    /// Reads a file of this machine as a whole.
    ///
    /// - Parameter limit: how many bytes it may have.
    /// - Returns: `nil` where nothing has this name, or where a link leads to nothing.
    /// - Throws: also where the file is larger.
    package static func read(_ path: FilePath, limit: Int, links: Links = .follow) throws(FileError) -> [UInt8]? {
        guard let file = try open(path, links: links) else { return nil }
        return try file.bytes(limit: limit)
    }

    /// What the file is now: its size, mode, owner and times.
    ///
    /// - Throws: where it is not a regular file.
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

    /// All that the file holds.
    ///
    /// - Parameter limit: how many bytes it may have. Its size is checked before anything is read, and again while it is read,
    ///   as it may grow; a file of `/proc` has no size.
    /// - Throws: where it is larger.
    package func bytes(limit: Int) throws(FileError) -> [UInt8] {
        guard try status().st_size <= limit else { throw FileError(path: path, cause: .tooLarge(limit: limit)) }
        let bytes = try prefix(limit + 1)
        guard bytes.count <= limit else { throw FileError(path: path, cause: .tooLarge(limit: limit)) }
        return bytes
    }

    /// What the file holds, up to `count` bytes of it.
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
    /// The error of the last system call.
    package static func last(_ path: String) -> FileError { FileError(path: path, cause: Errno(rawValue: Glibc.errno)) }
}
