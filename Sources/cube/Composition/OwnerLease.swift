import CubeErrors
import CubeManagerClient
import CubeReconciler
import CubeTypes

/// The lease of an owner, held while its tasks are stopped: no reconciler can start them again meanwhile.
struct OwnerLease {
    private let owner: OwnerName
    private let client: ManagerClient
    private let holder: String
    /// The fence of the last reconciler of the data directory, which is known to be gone: its lease need not run out.
    private let predecessor: Int?
    private let id = String(UInt64.random(in: .min ... .max), radix: 16)

    /// - Parameters:
    ///   - command: who takes it, such as `cube down`.
    ///   - data: the data directory of the command.
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

    /// Takes the lease for as long as the body takes, and gives it back.
    ///
    /// - Throws: where a reconciler has the lease; the body has not begun then.
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
            // Where it cannot be given back, it ends by itself.
            _ = try? await client.lease(owner, with: request(grant, release: true))
            guard let result = try first?.get() else { throw CancellationError() }
            return result
        }
    }

    private struct Grant {
        let source: SourceID
        let fence: Int
    }

    /// - Returns: `nil` where no reconciler can be at work.
    private func take() async throws -> Grant? {
        // Without a source there never was a reconciler, as for the owner `manual`.
        let known = try await client.owners().owners.first { $0.owner == owner }
        guard let source = known?.source else { return nil }
        do {
            let request = LeaseRequest(holder: holder, source: source, succeeds: predecessor, id: id)
            return try await client.lease(owner, with: request).lease.map { Grant(source: source, fence: $0.fence) }
        } catch let error as APIError where error.reason == .leaseHeld {
            throw Failure(
                "\(error.details?["holder"] ?? "a reconciler") holds the lease of owner \(owner) and would start again "
                    + "what is stopped",
                hint: "end it first, where it runs: Ctrl-C, or its unit; if it was killed, its lease ends within "
                    + Lease.length.text)
        } catch let error as APIError where error.reason == .storageFull {
            // With a full disk nothing can be started either.
            return nil
        }
    }

    /// Renews it until it is cancelled.
    ///
    /// - Throws: where somebody else has the lease now.
    private func keep(_ grant: Grant) async throws {
        while true {
            try await Task.sleep(for: Lease.renewal)
            do {
                _ = try await client.lease(owner, with: request(grant))
            } catch let error as APIError where error.reason.retryCanHelp {
                // A manager that is away may come back before the lease ends.
            }
        }
    }

    private func request(_ grant: Grant, release: Bool = false) -> LeaseRequest {
        LeaseRequest(holder: holder, source: grant.source, fence: grant.fence, release: release, id: id)
    }
}
