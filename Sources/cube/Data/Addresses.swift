import CubeSystem
import FoundationEssentials
import Glibc
import Logging
import SystemPackage

/// The contents of `run/addresses.json`: the URLs at which the parts of a data directory listen.
struct Addresses: Codable, Hashable {
    var manager: String?
    var workers: [String] = []
    var reconciler: String?

    private static func file(in data: DataDirectory) -> FilePath { data.run.appending("addresses.json") }

    /// - Throws: An error if the file cannot be read or is not valid.
    static func load(from data: DataDirectory) throws -> Addresses {
        guard let bytes = try NamedFile.read(file(in: data)) else { return Addresses() }
        do { return try JSONDecoder().decode(Addresses.self, from: Data(bytes)) } catch {
            throw Failure(
                "\(file(in: data)) is invalid, so the addresses of the running parts are unknown",
                hint: "restart `cube up`, or the part in question, which writes the file again")
        }
    }

    /// Changes the file, under a lock that serialises the processes of one data directory.
    static func update(in data: DataDirectory, _ change: (inout Addresses) -> Void) throws {
        try data.run.makeDirectory()
        try DirectoryLock.inTurn(data.run) {
            // An unreadable file is replaced, which loses the addresses of other parts until they write theirs again.
            var addresses = (try? load(from: data)) ?? Addresses()
            change(&addresses)
            let bytes = Array((try JSONText.pretty(addresses) + "\n").utf8)
            do {
                try NamedFile.write(bytes, to: file(in: data))
            } catch let problem as FileProblem where problem.error.isFullDisk {
                // The old addresses are no longer valid. Deleting them frees space for the new ones.
                unlink(file(in: data).string)
                try NamedFile.write(bytes, to: file(in: data))
            }
        }
    }

    /// Changes the file. A failure is only logged, because users can also pass an address explicitly.
    static func tell(in data: DataDirectory, _ logger: Logger, _ change: (inout Addresses) -> Void) {
        do { try update(in: data, change) } catch {
            logger.error("cannot publish the listen address", metadata: ["error": "\(error)"])
        }
    }
}
