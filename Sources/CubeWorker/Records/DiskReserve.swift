import CubeErrors
import CubeSystem
import Glibc
import SystemPackage

/// Reserved space on the worker's disk for records that must be written even if the disk is full: that a task was asked
/// to end, and that it ended. Without it, a task that fills the disk could not be stopped.
///
/// The space is not returned to the file system, where the task would fill it too. Instead, a reserved file is
/// overwritten in place and renamed to the file that it replaces.
struct DiskReserve: Sendable {
    let directory: String

    private static let files = 16
    private static let bytes = 1 << 16

    /// Fills the reserve. If the disk has no room, a later call tries again.
    func fill() throws {
        try LocalFiles.makeDirectory(directory)
        let zeros = [UInt8](repeating: 0, count: Self.bytes)
        for number in 1...Self.files where access("\(directory)/\(number)", F_OK) != 0 {
            // The file is written rather than allocated, because writing to an unwritten extent may need extra space.
            try LocalFiles.write(zeros, to: "\(number)", in: directory, durably: true)
        }
    }

    /// Replaces a file durably on a full disk.
    ///
    /// - Throws: `storage_full` if the whole reserve is not enough.
    func write(_ bytes: [UInt8], to name: String, in directory: String) throws {
        let path = "\(directory)/\(name)"
        try releasing(for: path) {
            guard let reserved = try take(bytes) else {
                return try LocalFiles.write(bytes, to: name, in: directory, durably: true)
            }
            try AtomicFile.rename(FilePath(reserved), to: FilePath(path))
            try Directory.synchronize(FilePath(directory))
        }
    }

    /// Creates a file durably on a full disk. An existing file stays unchanged.
    ///
    /// - Throws: as ``write(_:to:in:)``.
    func create(_ bytes: [UInt8], name: String, in directory: String) throws {
        let path = "\(directory)/\(name)"
        try releasing(for: path) {
            var made = "\(directory)/.\(name)"
            if let reserved = try take(bytes) {
                made = reserved
            } else {
                // A hidden file next to the target, so that nobody ever sees a partial file.
                try LocalFiles.write(bytes, to: ".\(name)", in: directory, durably: true)
            }
            guard link(made, path) == 0 || errno == EEXIST else { throw Errno(rawValue: errno) }
            try LocalFiles.remove(made)
            try Directory.synchronize(FilePath(directory))
        }
    }

    /// Overwrites a reserved file in place.
    ///
    /// - Returns: the path of the file; `nil` if no reserved file is left, if the content is too large, or if the file
    ///   system needs free space even to overwrite data.
    private func take(_ bytes: [UInt8]) throws -> String? {
        guard bytes.count <= Self.bytes else { return nil }
        for name in try LocalFiles.names(in: directory) where Int(name) != nil {
            let reserved = "\(directory)/\(name)"
            // One reserved file that cannot be opened does not disable the others.
            guard (try? WritableFile(FilePath(reserved), .existing).close()) != nil else { continue }
            do throws(FileError) {
                // Bytes after the content would be read as a part of it.
                try WritableFile.overwrite(FilePath(reserved), .existing, with: bytes, isCut: true)
                return reserved
            } catch {
                guard error.isFullDisk else { throw error }
                return nil
            }
        }
        return nil
    }

    /// Performs an operation that needs disk space, and releases as much of the reserve as the operation needs.
    ///
    /// - Parameter path: the path for the error message.
    /// - Throws: `storage_full` if the whole reserve is not enough.
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

    /// Returns one reserved file to the file system.
    ///
    /// - Returns: whether there was one left.
    func release() throws -> Bool {
        guard let name = try LocalFiles.names(in: directory).first(where: { Int($0) != nil }) else { return false }
        try LocalFiles.remove("\(directory)/\(name)")
        return true
    }
}
