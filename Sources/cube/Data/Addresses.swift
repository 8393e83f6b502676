import FoundationEssentials
import Glibc
import Logging
import SystemPackage

/// `run/addresses.json`: where the parts of a data directory answer.
struct Addresses: Codable, Hashable {
    var manager: String?
    var workers: [String] = []
    var reconciler: String?

    private static func file(in data: DataDirectory) -> FilePath { data.run.appending("addresses.json") }

    /// - Throws: Where the file cannot be read, or is not what Cube writes.
    static func load(from data: DataDirectory) throws -> Addresses {
        guard let bytes = try AtomicFile.read(file(in: data)) else { return Addresses() }
        do { return try JSONDecoder().decode(Addresses.self, from: Data(bytes)) } catch {
            throw Failure(
                "\(file(in: data)) is not what Cube writes, so it is not known where the parts of Cube listen",
                hint: "start `cube up`, or the part that you ask for, again: it writes the file anew")
        }
    }

    /// Changes the file; the processes of one data directory take turns.
    static func update(in data: DataDirectory, _ change: (inout Addresses) -> Void) throws {
        try data.run.makeDirectory()
        let directory = open(data.run.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw FileProblem(path: data.run, doing: "open", errno: errno) }
        defer { close(directory) }
        while flock(directory, LOCK_EX) != 0, errno == EINTR {}
        // What others told before is lost with a file that cannot be read; whoever changes it tells anew.
        var addresses = (try? load(from: data)) ?? Addresses()
        change(&addresses)
        let bytes = Array((try JSONText.pretty(addresses) + "\n").utf8)
        do {
            try AtomicFile.write(bytes, to: file(in: data), mode: 0o600)
        } catch let problem as FileProblem where problem.isFullDisk {
            // The old ones are not true any more, and make room for the new ones.
            unlink(file(in: data).string)
            try AtomicFile.write(bytes, to: file(in: data), mode: 0o600)
        }
    }

    /// Changes the file; a part goes on without it, as others may still be told where it is.
    static func tell(in data: DataDirectory, _ logger: Logger, _ change: (inout Addresses) -> Void) {
        do { try update(in: data, change) } catch {
            logger.error("cannot tell others where this listens", metadata: ["error": "\(error)"])
        }
    }
}
