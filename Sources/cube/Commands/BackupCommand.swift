import ArgumentParser
import CubeCore
import CubeManager
import CubeManagerClient
import CubeTransport
import Glibc
import SystemPackage

struct BackupCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Write a copy of the manager's store into a file. The manager may run.",
        discussion: .flowing(
            """
            The copy is the state as of one moment. `cube manager restore` puts it in the place of a store. It holds the values
            of `env`, so the file is for its user alone. A file that exists is left as it is.

            Example:
              cube manager backup /var/backups/cube-$(date +%F).sqlite

            Exit codes: 0 the copy is on the disk, 1 an error.
            """))

    @Argument(help: "The file to write.", completion: .file())
    var file: String
    @OptionGroup var manager: ConnectionOptions

    func run() async throws {
        let path = FilePath.absolute(file)
        guard !path.exists else { throw NewFile.exists(path) }
        let data = manager.place.data
        if try manager.manager != nil || DirectoryLock.holder(of: data.manager) != nil {
            let bytes = try await manager.writer().backup()
            try await NewFile.write(to: path) { sink in for try await chunk in bytes { try sink(Array(chunk)) } }
        } else {
            guard data.manager.appending(SQLiteStore.fileName).exists else {
                throw Failure(
                    "there is no manager's store in \(data.manager)", hint: "--data-dir names another directory")
            }
            let lock = try DirectoryLock.take(data.manager, for: "cube manager backup")
            defer { withExtendedLifetime(lock) {} }
            let backup = try await SQLiteStore.open(directory: data.manager).backup()
            try await NewFile.write(to: path) { sink in
                while case let bytes = try await backup.read(), !bytes.isEmpty { try sink(bytes) }
            }
        }
        Terminal.output("Wrote \(path).")
    }
}

/// A file that is there whole or not at all, and never takes the place of another one.
enum NewFile {
    static func exists(_ path: FilePath) -> Failure {
        Failure("\(path) exists, and nothing is overwritten", hint: "name another file")
    }

    /// Writes a file for its user alone, durably.
    ///
    /// - Parameter write: Writes it, piece by piece.
    static func write(to path: FilePath, _ write: (_ sink: ([UInt8]) throws -> Void) async throws -> Void) async throws
    {
        let temporary = "\(path.string).\(getpid()).part"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileProblem(path: path, doing: "write", errno: errno) }
        defer {
            close(descriptor)
            unlink(temporary)
        }
        let file = FileDescriptor(rawValue: descriptor)
        try await write { bytes in
            do { _ = try file.writeAll(bytes) } catch let error as Errno {
                throw FileProblem(path: path, doing: "write", errno: error.rawValue)
            }
        }
        guard fsync(descriptor) == 0 else { throw FileProblem(path: path, doing: "write", errno: errno) }
        guard link(temporary, path.string) == 0 else {
            if errno == EEXIST { throw exists(path) }
            throw FileProblem(path: path, doing: "write", errno: errno)
        }
        let directory = open(path.removingLastComponent().string, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw FileProblem(path: path, doing: "write", errno: errno) }
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw FileProblem(path: path, doing: "write", errno: errno) }
    }
}
