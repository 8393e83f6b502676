import CubeCore
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
    static func write(_ bytes: [UInt8], to name: String, in directory: String, durably: Bool) throws(APIError) {
        do throws(FileError) {
            try AtomicFile.replace(FilePath("\(directory)/\(name)"), with: bytes, durably: durably)
        } catch {
            throw APIError(error)
        }
    }

    /// Creates a directory that only its owner may access. An existing directory is left unchanged.
    ///
    /// - Parameter parent: the parent directory, if the new directory must survive a loss of power.
    /// - Returns: whether the directory was created.
    @discardableResult
    static func makeDirectory(_ path: String, durablyIn parent: String? = nil) throws(APIError) -> Bool {
        do throws(FileError) {
            guard mkdir(path, 0o700) == 0 else {
                if errno == EEXIST { return false }
                throw .last(path)
            }
            do throws(FileError) { if let parent { try Directory.synchronize(FilePath(parent)) } } catch {
                // Otherwise, the next attempt would take the directory for durable.
                rmdir(path)
                throw error
            }
            return true
        } catch {
            throw APIError(error)
        }
    }

    /// The names in a directory, sorted; empty if there is no such directory.
    static func names(in directory: String) throws(FileError) -> [String] {
        try Directory.names(in: FilePath(directory))?.map { String(decoding: $0.bytes, as: UTF8.self) } ?? []
    }

    /// Removes a file, or a directory with all that is in it. A missing file is no error.
    static func remove(_ path: String) throws(FileError) { try Directory.remove(FilePath(path)) }

    /// Whether an error says that the disk is full.
    static func isFullDisk(_ error: any Error) -> Bool {
        switch error {
        case let error as Errno: error.isFullDisk
        case let error as FileError: error.isFullDisk
        default: (error as? APIError)?.reason == .storageFull
        }
    }
}

extension APIError {
    /// The error of a file of the worker: `storage_full` or `internal`.
    fileprivate init(_ error: FileError) { self.init(error.isFullDisk ? .storageFull : .internal, "\(error)") }
}
