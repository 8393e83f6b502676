import ArgumentParser
import CubeCore
import CubeManager
import CubeManagerClient
import CubeText
import CubeTransport
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
