import ArgumentParser
import CubeCore
import CubeManager
import CubeSystem
import CubeText
import CubeTypes
import CubeWorker
import Glibc
import SystemPackage

struct RestoreCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Put a backup in the place of the manager's store.",
        discussion: .flowing(
            """
            Refuses while a manager runs on the data directory, and where the backup is damaged or of another cluster than what
            is here. The store that is replaced is kept beside it. The next manager has a higher term than all before it, so that
            workers and reconcilers tell it everything anew; tasks that run are not touched.

            Example:
              cube manager restore /var/backups/cube-2026-01-02.sqlite

            Exit codes: 0 the backup is in place, 1 an error.
            """))

    @Argument(help: "A file that `cube manager backup` wrote.", completion: .file())
    var file: String
    @OptionGroup var place: PlaceOptions

    func run() async throws {
        let path = FilePath.absolute(file)
        let data = place.data
        guard path.exists else { throw Failure("\(path): there is no such file") }
        try data.prepare()
        let lock = try DirectoryLock.take(data.manager, for: "cube manager restore")
        defer { withExtendedLifetime(lock) {} }
        let candidate = data.manager.appending("restore-\(getpid()).sqlite")
        defer { for suffix in ["", "-wal", "-shm", "-journal"] { unlink(candidate.string + suffix) } }
        try await Self.copy(path, to: candidate)

        let restoration: StoreRestoration
        do {
            restoration = try await StoreRestoration.check(
                candidate, in: data.manager, seenTerm: data.workers.compactMap(term(of:)).max() ?? 0)
        } catch let error as StoreError {
            throw Failure("\(path) is no backup that can be restored: \(error)", hint: "take an older one")
        }
        try await requireSameCluster(restoration, path)
        let kept = try restoration.carryOut()
        Terminal.output(
            "Restored cluster \(restoration.cluster) as of revision \(restoration.revision), with "
                + "\(Count(restoration.tasks, "task")).")
        if let kept { Terminal.note("The store that it replaces is in \(kept).") }
    }

    private static func copy(_ path: FilePath, to candidate: FilePath) async throws {
        guard let source = try RegularFile.open(path) else { throw Failure("\(path): there is no such file") }
        var chunk = try source.prefix(1 << 20)
        try await NewFile.write(to: candidate) { sink in
            while !chunk.isEmpty {
                try sink(chunk)
                chunk = try source.prefix(1 << 20)
            }
        }
    }

    /// The term that a worker of this directory has seen; what cannot be read is no term.
    private func term(of worker: NodeName) -> Int? { try? WorkerDirectory(place.data.worker(worker)).term() }

    /// - Throws: Where the store that is here, or a worker, belongs to another cluster.
    private func requireSameCluster(_ restoration: StoreRestoration, _ path: FilePath) async throws {
        let data = place.data
        // A store that cannot be read is what a backup is for.
        if let current = try? await StoreRestoration.current(in: data.manager), current.cluster != restoration.cluster {
            throw Failure(
                "\(path) is of cluster \(restoration.cluster), and the store in \(data.manager) is of cluster "
                    + "\(current.cluster)",
                hint: "--data-dir names the directory of the other cluster; move the store away to replace it by any")
        }
        for worker in data.workers {
            // As above.
            guard let cluster = try? WorkerDirectory(data.worker(worker)).cluster(), cluster != restoration.cluster
            else { continue }
            throw Failure(
                "\(path) is of cluster \(restoration.cluster), and worker \(worker) of \(data.path) belongs to cluster "
                    + "\(cluster)",
                hint: "`cube worker rejoin --name \(worker)` has it forget that cluster")
        }
    }
}
