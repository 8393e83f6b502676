import ArgumentParser
import CubeCore
import CubeErrors
import CubeJSON
import CubeManagerClient
import CubeReconciler
import CubeSystem
import CubeText
import CubeTypes
import SystemPackage

/// One plan, made from one reading of the manifests and one of the cluster. It holds no client that can change either.
struct Preview {
    let plan: Plan
    let planner: Planner
    /// Who reconciles the source elsewhere; `nil` when nobody does.
    let leader: Leader?

    struct Leader {
        var holder: String
        var source: SourceID
    }

    /// Whether values of `env` are hidden from this user, and were therefore not compared.
    let hidesValues: Bool
    private let madeAt: Timestamp

    /// - Parameter git: The repository or revision to read manifests from, if not the directory as it is.
    /// - Throws: An error if the manifests or the cluster cannot be read at all.
    static func make(
        place: PlaceOptions, git: GitOptions, owner: OwnerName, cluster: ManagerClusterReader
    ) async throws -> Preview {
        let time = SteadyTime()
        let memory = ReconcilerMemory(
            directory: place.data.path, files: LocalFileSystem(), logger: CommandLog.quiet)
        let snapshot: ManifestSnapshot
        var source = memory.knownIdentity.map { $0.directory ?? $0.source }
        if git.localRevision == nil, case .git(let origin) = try git.origin(else: place.manifests) {
            snapshot = try await RemoteManifests.read(from: origin)
            source = origin.remote.sourceID
        } else {
            snapshot = try await RevisionReader(place).manifests(at: git.localRevision)
        }
        var list = try await cluster.tasks(owner: owner)
        list.tasks += try await cluster.unmanaged(besides: owner)
        var observed = ObservedState(list, of: owner)
        var planner = Planner(owner: owner, wording: \.command, oneShot: true)
        if let bound = observed.owner?.source, bound != source {
            planner.access = .watching(
                reason: ErrorReason.ownerTaken.rawValue,
                message: "owner \(owner) is bound to another source of manifests")
        }
        planner.update(snapshot)
        let hidesValues = observed.hidesValues
        observed.disclose(by: planner.desired)
        planner.update(observed)
        let now = time.now
        let plan = planner.pass(now: now)
        let isLocal = try DirectoryLock.holder(of: place.data.reconciler) != nil
        let lease = isLocal ? nil : observed.owner?.lease
        let isLed = lease.map { $0.source == source && $0.expiresAt > now } ?? false
        let leader = isLed ? lease.map { Leader(holder: $0.holder, source: $0.source) } : nil
        return Preview(plan: plan, planner: planner, leader: leader, hidesValues: hidesValues, madeAt: now)
    }

    /// - Throws: A `Failure` if manifests are invalid, unless `allowStale` is set. Their last valid version applies
    ///   then.
    func requireValid(allowStale: Bool, _ git: GitOptions) throws {
        let stale = plan.summary.conditions.filter { $0.type == .stale && $0.status }
        guard !allowStale, let first = stale.first else { return }
        throw Failure(
            "the manifests are invalid: \(first.message) (\(first.reason))",
            hint: "`\(git.validation)` shows every problem; --allow-stale uses their last valid version")
    }

    /// Whether the directory declares the same desired state, so that a saved plan can be carried out.
    func isOfDirectory(_ place: PlaceOptions) async throws -> Bool {
        var directory = Planner(owner: planner.owner, wording: \.command, oneShot: true)
        directory.update(try await RevisionReader(place).manifests(at: nil))
        if let observed = planner.observed { directory.update(observed) }
        return directory.desired.digest == planner.desired.digest
    }

    var document: PlanDocument { planner.document(plan, at: madeAt) }

    func document(of names: [WorkloadName]) -> PlanDocument { planner.document(plan, of: names, at: madeAt) }

    /// The differences of each workload, by name, and the nodes on which the manager would place new tasks.
    func diffs(_ cluster: ManagerClusterReader) async throws -> [WorkloadDiff] {
        let differs = planner.diffs(nil)
        guard differs.contains(where: { $0.actions.contains { $0.verb == .schedule } }) else { return differs }
        let tasks =
            // A fixed port may conflict with the ports of other owners' tasks.
            planner.schedulesNamedPorts
            ? try await cluster.tasks()
            : planner.observed?.workloads.values.flatMap { $0.tasks.values } ?? []
        let status = try await cluster.status()
        return planner.diffs(
            PlacementForecast(
                nodes: try await cluster.nodes(), tasks: tasks, volumes: try await cluster.volumes(),
                policy: status.policy, prefersImages: status.prefersImages))
    }
}

struct PreviewOptions: ParsableArguments {
    @Flag(help: "Continue although manifests are invalid, with their last valid version.")
    var allowStale = false
    @OptionGroup var git: GitOptions
    @OptionGroup var owner: OwnerOption
    @OptionGroup var manager: ConnectionOptions

    /// Read access to the cluster.
    func cluster() throws -> ManagerClusterReader { ManagerClusterReader(client: try manager.comparer()) }

    /// Makes a preview through a client that has no method that changes anything. Its token may have the role `write`,
    /// in order to receive the values of `env`.
    func preview() async throws -> Preview {
        let preview = try await Preview.make(
            place: manager.place, git: git, owner: owner.owner, cluster: cluster())
        try preview.requireValid(allowStale: allowStale, git)
        if preview.hidesValues {
            Terminal.note(
                "The token is read-only, so values of `env` were not compared, and changes of them are not shown.")
        }
        return preview
    }
}
