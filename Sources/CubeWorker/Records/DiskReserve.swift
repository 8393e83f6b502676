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

    /// Replaces a file durably, on a full disk.
    ///
    /// - Throws: `storage_full` where all that was reserved is not enough.
    func write(_ bytes: [UInt8], to name: String, in directory: String) throws {
        let path = "\(directory)/\(name)"
        try releasing(for: path) {
            guard let reserved = try take(bytes) else {
                return try LocalFiles.write(bytes, to: name, in: directory, durably: true)
            }
            guard rename(reserved, path) == 0 else { throw Errno(rawValue: errno) }
            try LocalFiles.synchronize(directory)
        }
    }

    /// Makes a file durably, on a full disk. One that is there already stays.
    ///
    /// - Throws: as ``write(_:to:in:)``.
    func create(_ bytes: [UInt8], name: String, in directory: String) throws {
        let path = "\(directory)/\(name)"
        try releasing(for: path) {
            var made = "\(directory)/.\(name)"
            if let reserved = try take(bytes) {
                made = reserved
            } else {
                // Beside its name, so that nobody ever sees a part of it.
                try LocalFiles.write(bytes, to: ".\(name)", in: directory, durably: true)
            }
            guard link(made, path) == 0 || errno == EEXIST else { throw Errno(rawValue: errno) }
            try LocalFiles.remove(made)
            try LocalFiles.synchronize(directory)
        }
    }

    /// Writes to a reserved file, in place.
    ///
    /// - Returns: its path; `nil` where none is left, none is large enough, or where the file system needs room also for what
    ///   is overwritten.
    private func take(_ bytes: [UInt8]) throws -> String? {
        guard bytes.count <= Self.bytes else { return nil }
        for name in try LocalFiles.names(in: directory) where Int(name) != nil {
            let reserved = "\(directory)/\(name)"
            let descriptor = open(reserved, O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
            guard descriptor >= 0 else { continue }
            do {
                try FileDescriptor(rawValue: descriptor).closeAfter {
                    try FileDescriptor(rawValue: descriptor).writeAll(bytes)
                    // What is longer than its content would be read as a part of it.
                    guard ftruncate(descriptor, off_t(bytes.count)) == 0, fsync(descriptor) == 0 else {
                        throw Errno(rawValue: errno)
                    }
                }
                return reserved
            } catch let error as Errno where error.isFullDisk {
                return nil
            }
        }
        return nil
    }

    /// Does something that needs room on the disk, and gives back to the file system as much of what is reserved as it needs.
    ///
    /// - Throws: `storage_full` where all of it is not enough.
    func releasing(for path: String, _ body: () throws -> Void) throws {
        while true {
            do {
                return try body()
            } catch  where LocalFiles.isFullDisk(error) {
                guard try release() else {
                    throw error as? APIError ?? APIError(.storageFull, "\(path): \(error)")
                }
            }
        }
    }

    /// Gives a part back to the file system.
    ///
    /// - Returns: whether there was any.
    func release() throws -> Bool {
        guard let name = try LocalFiles.names(in: directory).first(where: { Int($0) != nil }) else { return false }
        try LocalFiles.remove("\(directory)/\(name)")
        return true
    }
}
