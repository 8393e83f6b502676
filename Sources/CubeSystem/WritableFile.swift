import CubeLinux
import Glibc
package import SystemPackage

/// A file that is open for writing. It is closed at the end of this value's lifetime.
package struct WritableFile: ~Copyable {
    /// How a file is opened.
    package enum Opening: Sendable {
        /// Created, or emptied if it exists.
        case emptied
        /// Created. A file that exists is an error.
        case new
        /// Created if it is missing. Every write goes to its end.
        case appending
        /// Created if it is missing, and overwritten from its start. Its name must not be a symbolic link.
        case inPlace
        /// As ``inPlace``, but a missing file is an error.
        case existing

        fileprivate var flags: CInt {
            switch self {
            case .emptied: O_CREAT | O_TRUNC
            case .new: O_CREAT | O_EXCL | O_NOFOLLOW
            case .appending: O_CREAT | O_APPEND
            case .inPlace: O_CREAT | O_NOFOLLOW | O_NONBLOCK
            case .existing: O_NOFOLLOW | O_NONBLOCK
            }
        }
    }

    private var descriptor: CInt
    private let path: String
    private let calls: DiskCalls

    /// Opens a file.
    ///
    /// - Parameters:
    ///   - permissions: the permissions of a new file, before the umask.
    ///   - shown: the path that errors name; default: `path`.
    package init(
        _ path: FilePath, _ opening: Opening, permissions: FilePermissions = .ownerReadWrite, shown: FilePath? = nil,
        calls: DiskCalls = .system
    ) throws(FileError) {
        let shown = (shown ?? path).string
        let flags = O_WRONLY | O_CLOEXEC | opening.flags
        var descriptor: CInt
        repeat {
            descriptor = path.withPlatformString { open($0, flags, permissions.rawValue) }
        } while descriptor < 0 && errno == EINTR
        guard descriptor >= 0 else { throw .last(shown) }
        self.descriptor = descriptor
        self.path = shown
        self.calls = calls
    }

    deinit { if descriptor >= 0 { Glibc.close(descriptor) } }

    /// The length of the file in bytes.
    package func size() throws(FileError) -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .last(path) }
        return Int(status.st_size)
    }

    /// Writes all bytes after those written before, with as many system calls as necessary.
    package func write(_ bytes: [UInt8]) throws(FileError) {
        var offset = 0
        while offset < bytes.count {
            let written: Int
            do throws(Errno) {
                written = try bytes.withUnsafeBufferPointer { buffer throws(Errno) in
                    let rest = UnsafeBufferPointer(rebasing: buffer[offset...])
                    return try calls.write(descriptor, UnsafeRawBufferPointer(rest))
                }
            } catch {
                if error == .interrupted { continue }
                throw FileError(path: path, cause: error)
            }
            // No progress and no error: without this, the loop would never end.
            guard written > 0 else { throw FileError(path: path, cause: .ioError) }
            offset += written
        }
    }

    /// Moves the write position to an offset from the start of the file.
    package func seek(to offset: Int) throws(FileError) {
        guard lseek(descriptor, off_t(offset), SEEK_SET) >= 0 else { throw .last(path) }
    }

    /// Truncates the file to a length in bytes.
    package func truncate(to length: Int) throws(FileError) {
        while ftruncate(descriptor, off_t(length)) != 0 {
            guard errno == EINTR else { throw .last(path) }
        }
    }

    /// Gives the file permissions, an owner and a group, whatever the umask is.
    package func setAccess(_ permissions: FilePermissions, owner: UInt32, group: UInt32) throws(FileError) {
        // A change of the owner removes permissions such as setuid, so that they are set afterwards.
        guard fchown(descriptor, owner, group) == 0, fchmod(descriptor, permissions.rawValue) == 0 else {
            throw .last(path)
        }
    }

    /// Makes the content durable, so that it survives a loss of power. After an error, it is unknown which part of the content is
    /// on the disk.
    package func synchronize() throws(FileError) { try calls.synchronize(descriptor, path) }

    /// Closes the file. Some file systems report only here that a write failed.
    package consuming func close() throws(FileError) {
        let (closed, path) = (descriptor, path)
        descriptor = -1
        // On Linux, a descriptor is closed even if the call is interrupted.
        guard Glibc.close(closed) == 0 || errno == EINTR else { throw .last(path) }
    }
}

extension WritableFile {
    /// Overwrites a file durably and in place, from its start. On most file systems, this succeeds even on a full disk.
    ///
    /// - Parameters:
    ///   - opening: `inPlace` or `existing`.
    ///   - isCut: Whether the file is truncated after these bytes.
    package static func overwrite(
        _ path: FilePath, _ opening: Opening, with bytes: [UInt8], isCut: Bool = false
    ) throws(FileError) {
        let file = try WritableFile(path, opening)
        try file.write(bytes)
        if isCut { try file.truncate(to: bytes.count) }
        try file.synchronize()
        try file.close()
    }
}

/// The system calls of a write that can succeed partly or fail late. Tests replace them to simulate such failures.
package struct DiskCalls: Sendable {
    /// Writes some of the bytes, and returns how many were written.
    package var write: @Sendable (_ descriptor: CInt, _ bytes: UnsafeRawBufferPointer) throws(Errno) -> Int
    /// Flushes a file or a directory to the disk.
    package var fsync: @Sendable (_ descriptor: CInt) throws(Errno) -> Void

    package static let system = DiskCalls(
        write: { descriptor, bytes throws(Errno) in
            let count = Glibc.write(descriptor, bytes.baseAddress, bytes.count)
            guard count >= 0 else { throw Errno(rawValue: errno) }
            return count
        },
        fsync: { descriptor throws(Errno) in
            guard Glibc.fsync(descriptor) == 0 else { throw Errno(rawValue: errno) }
        })

    /// Calls ``fsync``, and repeats the call if a signal interrupts it.
    func synchronize(_ descriptor: CInt, _ path: String) throws(FileError) {
        while true {
            do throws(Errno) { return try fsync(descriptor) } catch {
                guard error == .interrupted else { throw FileError(path: path, cause: error) }
            }
        }
    }
}
