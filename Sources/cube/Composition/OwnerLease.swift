import CubeErrors
import CubeManagerClient
import CubeReconciler
import CubeSystem
import CubeTypes

/// The lease of an owner, held while its tasks are stopped, so that no reconciler can start them again.
struct OwnerLease {
    private let owner: OwnerName
    private let client: ManagerClient
    private let holder: String
    /// The fence of the last reconciler on this data directory. That reconciler is known to have ended, so its lease
    /// can be replaced before it expires.
    private let predecessor: Int?
    private let id = String(UInt64.random(in: .min ... .max), radix: 16)

    /// - Parameters:
    ///   - command: The command that takes the lease, such as `cube down`.
    ///   - data: The data directory of the command.
    init(of owner: OwnerName, at client: ManagerClient, for command: String, in data: DataDirectory) async throws {
        self.owner = owner
        self.client = client
        holder = "\(command) on \(ForegroundProcess.hostName), process \(ForegroundProcess.id)"
        let memory = ReconcilerMemory(directory: data.path, files: LocalFileSystem(), logger: CommandLog.quiet)
        guard try DirectoryLock.holder(of: data.reconciler) == nil, let fence = memory.fence,
            try await client.clusterStatus().cluster == memory.knownIdentity?.cluster
        else {
            predecessor = nil
            return
        }
        predecessor = fence
    }

    /// Holds the lease while the body runs, and then releases it.
    ///
    /// - Throws: A `Failure` if a reconciler holds the lease; the body does not run then.
    func hold<Result: Sendable>(during body: @Sendable @escaping () async throws -> Result) async throws -> Result {
        guard let grant = try await take() else { return try await body() }
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await keep(grant)
                return nil
            }
            let first = await group.nextResult()
            group.cancelAll()
            // A lease that cannot be released expires.
            _ = try? await client.lease(owner, with: request(grant, release: true))
            guard let result = try first?.get() else { throw CancellationError() }
            return result
        }
    }

    private struct Grant {
        let source: SourceID
        let fence: Int
    }

    /// Takes the lease.
    ///
    /// - Returns: `nil` if no reconciler can be running, so that no lease is needed.
    private func take() async throws -> Grant? {
        // An owner without a source, such as `manual`, never had a reconciler.
        let known = try await client.owners().owners.first { $0.owner == owner }
        guard let source = known?.source else { return nil }
        do {
            let request = LeaseRequest(holder: holder, source: source, succeeds: predecessor, id: id)
            return try await client.lease(owner, with: request).lease.map { Grant(source: source, fence: $0.fence) }
        } catch let error as APIError where error.reason == .leaseHeld {
            throw Failure(
                "\(error.details?["holder"] ?? "a reconciler") holds the lease of owner \(owner) and would start the "
                    + "stopped tasks again",
                hint:
                    "end it first, with Ctrl-C or through its systemd unit; if it was killed, its lease expires within "
                    + Lease.length.text)
        } catch let error as APIError where error.reason == .storageFull {
            // While the manager's disk is full, it accepts no new tasks either.
            return nil
        }
    }

    /// Renews the lease until the task is cancelled.
    ///
    /// - Throws: An error if another process holds the lease now.
    private func keep(_ grant: Grant) async throws {
        while true {
            try await Task.sleep(for: Lease.renewal)
            do {
                _ = try await client.lease(owner, with: request(grant))
            } catch let error as APIError where error.reason.retryCanHelp {
                // The manager may become reachable again before the lease expires.
            }
        }
    }

    private func request(_ grant: Grant, release: Bool = false) -> LeaseRequest {
        LeaseRequest(holder: holder, source: grant.source, fence: grant.fence, release: release, id: id)
    }
}
