import CubeSystem
import SystemPackage

/// Files that a person names, and files of the data directory. Errors name the operation and the file.
enum NamedFile {
    /// The size limit of a file that a person names: 16 MiB, more than ten times the size of any such file.
    static let limit = 16 << 20

    /// Returns the bytes of a file; `nil` if there is none. Never blocks on a pipe or reads a device.
    ///
    /// - Parameter limit: the maximum size in bytes.
    static func read(_ path: FilePath, limit: Int = limit) throws -> [UInt8]? {
        do throws(FileError) { return try RegularFile.read(path, limit: limit) } catch {
            throw Failure("cannot read \(path): \(error.cause)")
        }
    }

    /// Replaces a file durably, even if another process writes it at the same time.
    static func write(_ bytes: [UInt8], to path: FilePath, permissions: FilePermissions = .ownerReadWrite) throws {
        do throws(FileError) {
            try AtomicFile.replace(path, with: bytes, permissions: permissions, writers: .several, durably: true)
        } catch {
            throw FileProblem(doing: "write", error)
        }
    }

    /// Creates a file for its user alone, durably, from content that comes in pieces. It never replaces another file.
    ///
    /// - Parameter content: reads the content and calls `sink` with each piece. A file error of its own is an error of reading.
    static func create(
        _ path: FilePath, content: (_ sink: ([UInt8]) throws -> Void) async throws -> Void
    ) async throws {
        do { try await AtomicFile.create(path, content: content) } catch let error as AtomicFile.ContentError {
            guard let problem = error.cause as? FileError else { throw error.cause }
            throw FileProblem(doing: "read", problem)
        } catch let error as FileError {
            if error.errno == .fileExists { throw exists(path) }
            throw FileProblem(doing: "write", error)
        }
    }

    static func exists(_ path: FilePath) -> Failure {
        Failure("\(path) exists, and nothing is overwritten", hint: "name another file")
    }
}

extension FilePermissions {
    /// Those of a file that holds no secret.
    static let readableByAll: FilePermissions = [.ownerReadWrite, .groupRead, .otherRead]
    /// Those of a directory or a program that holds no secret.
    static let executableByAll: FilePermissions = [.readableByAll, .ownerExecute, .groupExecute, .otherExecute]
}

/// A system error about a file.
struct FileProblem: Error, CustomStringConvertible {
    let doing: String
    let error: FileError

    init(doing: String, _ error: FileError) {
        self.doing = doing
        self.error = error
    }

    var description: String { "cannot \(doing) \(error)" }
}
