import CubeErrors
import Glibc
import SystemPackage

/// Space on the worker's disk for what must be written down when the disk is full: that a task was asked to end, and that it
/// ended. Without it, a task that fills the disk could not be ended.
///
/// The space is never given back to the file system, where the task would fill it too: a reserved file is overwritten in
/// place and then takes the name of what it replaces.
struct DiskReserve: Sendable {
    let directory: String

    private static let files = 16
    private static let bytes = 1 << 16

    /// Reserves again what was used. Where there is no room, it is tried again later.
    func fill() throws {
        try LocalFiles.makeDirectory(directory)
        let zeros = [UInt8](repeating: 0, count: Self.bytes)
        for number in 1...Self.files where access("\(directory)/\(number)", F_OK) != 0 {
            // Written rather than allocated: what was never written may need room when it is.
            try LocalFiles.write(zeros, to: "\(number)", in: directory, durably: true)
        }
    }

    /// Replaces a file durably with what is reserved.
    ///
    /// - Returns: whether it could; not where nothing is left, or where there is more to write than a reserved file holds.
    func write(_ bytes: [UInt8], to path: String) throws -> Bool {
        guard let reserved = try take(bytes) else { return false }
        guard rename(reserved, path) == 0 else { throw Errno(rawValue: errno) }
        return true
    }

    /// Makes a file durably of what is reserved. One that is there already stays.
    ///
    /// - Returns: as ``write(_:to:)``.
    func create(_ bytes: [UInt8], at path: String) throws -> Bool {
        guard let reserved = try take(bytes) else { return false }
        guard link(reserved, path) == 0 || errno == EEXIST else { throw Errno(rawValue: errno) }
        try LocalFiles.remove(reserved)
        return true
    }

    /// Writes to a reserved file, in place.
    ///
    /// - Returns: its path; `nil` where none is left, or none is large enough.
    private func take(_ bytes: [UInt8]) throws -> String? {
        guard bytes.count <= Self.bytes else { return nil }
        for name in try LocalFiles.names(in: directory) where Int(name) != nil {
            let reserved = "\(directory)/\(name)"
            let descriptor = open(reserved, O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
            guard descriptor >= 0 else { continue }
            try FileDescriptor(rawValue: descriptor).closeAfter {
                try FileDescriptor(rawValue: descriptor).writeAll(bytes)
                // What is longer than its content would be read as a part of it.
                guard ftruncate(descriptor, off_t(bytes.count)) == 0, fsync(descriptor) == 0 else {
                    throw Errno(rawValue: errno)
                }
            }
            return reserved
        }
        return nil
    }

    /// Gives a part back to the file system, for what cannot be written in place.
    ///
    /// - Returns: whether there was any.
    func release() throws -> Bool {
        guard let name = try LocalFiles.names(in: directory).first(where: { Int($0) != nil }) else { return false }
        try LocalFiles.remove("\(directory)/\(name)")
        return true
    }
}
