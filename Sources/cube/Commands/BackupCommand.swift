import ArgumentParser
import CubeCore
import CubeManager
import CubeManagerClient
import CubeSystem
import CubeText
import CubeTransport
import SystemPackage

struct BackupCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Back up the manager's store to a file. The manager may be running.",
        discussion: .flowing(
            """
            The backup is a consistent snapshot. `cube manager restore` restores it. It contains the values of `env`, so
            only the current user can read the file. An existing file is never overwritten.

            Example:
              cube manager backup /var/backups/cube-$(date +%F).sqlite

            Exit codes: 0 the backup is on disk, 1 error.
            """))

    @Argument(help: "File to write.", completion: .file())
    var file: String
    @OptionGroup var manager: ConnectionOptions

    func run() async throws {
        let path = FilePath.absolute(file)
        guard !path.exists else { throw NamedFile.exists(path) }
        try manager.place.requireNoManifest(path)
        let data = manager.place.data
        if try manager.choice().origin != nil || DirectoryLock.holder(of: data.manager) != nil {
            let bytes = try await manager.writer().backup()
            try await NamedFile.create(path) { sink in for try await chunk in bytes { try sink(Array(chunk)) } }
        } else {
            guard data.manager.appending(SQLiteStore.fileName).exists else {
                throw Failure(
                    "\(data.manager) contains no manager's store", hint: "select another data directory with --data-dir"
                )
            }
            let lock = try DirectoryLock.take(data.manager, for: "cube manager backup")
            defer { withExtendedLifetime(lock) {} }
            let backup = try await SQLiteStore.open(directory: data.manager).backup()
            try await NamedFile.create(path) { sink in
                while case let bytes = try await backup.read(), !bytes.isEmpty { try sink(bytes) }
            }
        }
        Terminal.output("Wrote \(path).")
    }
}
