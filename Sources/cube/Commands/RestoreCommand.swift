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
        commandName: "restore", abstract: "Replace the manager's store with a backup.",
        discussion: .flowing(
            """
            Refuses while a manager is running on the data directory, or if the backup is damaged or belongs to another
            cluster. Keeps the replaced store beside the new one. The next manager gets a higher term than all earlier
            ones, so that workers and reconcilers report their full state again. Running tasks are not affected.

            Example:
              cube manager restore /var/backups/cube-2026-01-02.sqlite

            Exit codes: 0 the backup is restored, 1 error.
            """))

    @Argument(help: "Backup that `cube manager backup` wrote.", completion: .file())
    var file: String
    @OptionGroup var place: PlaceOptions

    func run() async throws {
        let path = FilePath.absolute(file)
        let data = place.data
        guard path.exists else { throw Failure("\(path): no such file") }
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
            throw Failure("\(path) cannot be restored: \(error)", hint: "try an older backup")
        }
        try await requireSameCluster(restoration, path)
        let kept = try restoration.carryOut()
        Terminal.output(
            "Restored cluster \(restoration.cluster) as of revision \(restoration.revision), with "
                + "\(Count(restoration.tasks, "task")).")
        if let kept { Terminal.note("The replaced store is in \(kept).") }
        if !restoration.tokens.isEmpty {
            Terminal.note(
                "The backup contains \(Count(restoration.tokens.count, "token")): \(restoration.tokens.map(\.rawValue).joined(separator: ", ")). "
                    + "Tokens that were revoked later are valid again; revoke them with `cube manager token revoke NAME`."
            )
        }
    }

    private static func copy(_ path: FilePath, to candidate: FilePath) async throws {
        guard let source = try RegularFile.open(path) else { throw Failure("\(path): no such file") }
        var chunk = try source.prefix(1 << 20)
        try await NamedFile.create(candidate) { sink in
            while !chunk.isEmpty {
                try sink(chunk)
                chunk = try source.prefix(1 << 20)
            }
        }
    }

    /// The term that a worker of this data directory has seen; `nil` if it cannot be read.
    private func term(of worker: NodeName) -> Int? { try? place.data.records(of: worker).term() }

    /// - Throws: A `Failure` if the current store, or a worker of this data directory, belongs to another cluster.
    private func requireSameCluster(_ restoration: StoreRestoration, _ path: FilePath) async throws {
        let data = place.data
        // An unreadable store is a reason to restore a backup, not to refuse it.
        if let current = try? await StoreRestoration.current(in: data.manager), current.cluster != restoration.cluster {
            throw Failure(
                "\(path) belongs to cluster \(restoration.cluster), but the store in \(data.manager) belongs to cluster "
                    + "\(current.cluster)",
                hint: "select the data directory of that cluster with --data-dir, or move the current store away first")
        }
        for worker in data.workers {
            // A worker whose records cannot be read does not prevent a restore either.
            guard let cluster = try? data.records(of: worker).cluster(), cluster != restoration.cluster
            else { continue }
            throw Failure(
                "\(path) belongs to cluster \(restoration.cluster), but worker \(worker) of \(data.path) belongs to cluster "
                    + "\(cluster)",
                hint: "\(data.command("worker rejoin --name \(worker)")) makes the worker forget that cluster")
        }
    }
}
