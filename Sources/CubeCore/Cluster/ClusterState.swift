package import HashTreeCollections
package import CubeTypes

/// The state of a cluster: the durable records, the index derived from them, and the data that exists only while the manager runs.
///
/// The state is a value whose copies are cheap, whatever its size. A ``ClusterTransaction`` applies commands to a copy. The copy
/// replaces this state when its changes are stored.
package struct ClusterState: Sendable {
    /// The term of the manager's incarnation.
    package internal(set) var term: Int
    package let policy: SchedulingPolicy
    /// Whether the policy `spread` prefers nodes that have the image of a task.
    package let prefersImages: Bool
    /// The secret that keys the digests in holds and approvals; `nil` if holds and approvals contain the plain digests.
    let digestKey: DigestKey?
    package internal(set) var records: ClusterRecords
    package internal(set) var index: ClusterIndex
    /// The current leases, by owner. They are not stored, so that a renewal needs no write and succeeds on a full disk.
    package internal(set) var leases: TreeDictionary<OwnerName, LiveLease>
    /// Tasks that still run on a node although, according to the records, they ended or are placed elsewhere. The value is the
    /// placement number that the worker reported. Each complete list of a worker replaces the entries of its node.
    package internal(set) var strays: TreeDictionary<NodeName, TreeDictionary<TaskID, Int>> = [:]

    /// The nodes that have listed all of their tasks and volumes to this incarnation of the manager.
    package internal(set) var listed: TreeSet<NodeName> = []

    /// The nodes whose workers have not responded for half of their lease. They get no tasks, so that a manager that is cut off from
    /// several workers does not move the tasks of one silent node to another that will be silent a moment later.
    package internal(set) var overdue: TreeSet<NodeName> = []

    /// How long nodes may take to come back after the manager had lost contact with all nodes.
    let nodeLease: Duration

    /// The end of the time for which the tasks of silent nodes stay where they are, because the manager had lost contact with all nodes
    /// until a moment ago. It was probably cut off itself then, and the other nodes are about to come back, too. `nil` if nothing waits.
    package internal(set) var returnWait: DurableDeadline?

    /// Whether the worker of any node responds.
    var hasContact: Bool {
        records.nodes.contains { $0.value.presence == .ready && !overdue.contains($0.key) }
    }

    /// The part of a lease that is not stored: its end and the reported holds. ``OwnerRecord/grant`` contains the holder.
    package struct LiveLease: Equatable, Sendable {
        /// The time at which the lease ends. It is measured by the boot-time clock, so that a change of the wall clock neither
        /// extends nor shortens the lease.
        package var end: DurableDeadline
        /// The changes that guards hold, as the holder of the lease last reported them.
        package var holds: [Hold] = []

        init(from moment: DurableInstant, holds: [Hold] = []) {
            end = DurableDeadline(Lease.length, from: moment)
            self.holds = holds
        }

        /// The end of the lease as wall-clock time, for display.
        package var expiresAt: Timestamp { end.wall }

        func isLive(at moment: DurableInstant) -> Bool { !end.hasPassed(at: moment) }
    }

    /// Creates the state from stored records. Renewals are not stored, so each lease lasts its full length from `moment`.
    package init(
        records: ClusterRecords, term: Int, policy: SchedulingPolicy, prefersImages: Bool = true,
        digestKey: DigestKey? = nil, nodeLease: Duration = .seconds(10), at moment: DurableInstant
    ) {
        self.nodeLease = nodeLease
        self.records = records
        self.term = term
        self.policy = policy
        self.prefersImages = prefersImages
        self.digestKey = digestKey
        index = ClusterIndex(of: records)
        leases = [:]
        for owner in records.owners.values where owner.grant != nil {
            leases[owner.name] = LiveLease(from: moment)
        }
    }

    package var cluster: ClusterID { records.cluster }
    package var revision: Int { records.counters.revision }
}

extension ClusterState {
    package func status(of owner: OwnerRecord) -> OwnerStatus { status(of: owner, pruned: owner.window.pruned) }

    private func status(of owner: OwnerRecord, pruned: [PrunedName]) -> OwnerStatus {
        var status = leaseStatus(of: owner)
        status.directives = owner.directives
        status.holds = leases[owner.name]?.holds ?? []
        status.pruned = pruned
        status.root = owner.root
        return status
    }

    /// Returns the status of an owner for a client that knows it as of an earlier revision. If possible, it contains only the pruned
    /// names that changed since.
    package func changedStatus(of owner: OwnerRecord, since revision: Int) -> OwnerStatus {
        guard let changed = owner.window.pruned(since: revision) else { return status(of: owner) }
        var status = status(of: owner, pruned: changed)
        status.prunedSince = revision
        return status
    }

    /// Returns the status of an owner for the holder of its lease, without the parts that grow with the number of names: directives,
    /// holds, pruned names and root. The holder renews the lease every few seconds, and reads these parts with the tasks when they
    /// change.
    func leaseStatus(of owner: OwnerRecord) -> OwnerStatus {
        OwnerStatus(
            owner: owner.name, source: owner.source,
            lease: owner.grant.flatMap { grant in
                leases[owner.name].map {
                    Lease(holder: grant.holder, source: grant.source, fence: grant.fence, expiresAt: $0.expiresAt)
                }
            },
            fence: owner.fence, limits: owner.guardLimits, claimedRevision: owner.claimedRevision,
            revision: owner.revision)
    }

    /// - Parameters:
    ///   - lastSeenAt: The time at which the node last answered, which is not part of the state.
    ///   - message: The reason why the node does not answer, which is not part of the state either.
    package func info(of node: NodeRecord, lastSeenAt: Timestamp?, message: String? = nil) -> NodeInfo {
        let load = index.load(of: node.worker.name)
        return NodeInfo(
            name: node.worker.name, state: node.state, cordoned: node.isCordoned, url: node.worker.url,
            version: node.worker.version,
            runtimes: node.worker.runtimes, exclusiveRuntimes: node.worker.exclusiveRuntimes,
            labels: node.worker.labels, images: node.worker.images,
            allowances: node.worker.allowances, secrets: node.worker.secrets,
            capacity: node.worker.capacity,
            reserved: load.reserved, tasks: load.tasks.count, lastSeenAt: lastSeenAt, message: message,
            revision: node.revision)
    }

    /// Returns the tasks of a workload that have not ended, sorted by ordinal and attempt, without scanning the tasks of other
    /// workloads.
    package func live(_ name: WorkloadName, of owner: OwnerName) -> [TaskRecord] {
        var missing = index.live[SlotKey(owner: owner, name: name, ordinal: 0).workload] ?? 0
        var found: [TaskRecord] = []
        for ordinal in 0..<10_000 where missing > 0 {
            let ids = index.attempts[SlotKey(owner: owner, name: name, ordinal: ordinal)] ?? []
            let live = ids.compactMap { records.tasks[$0] }.filter { !$0.phase.hasEnded }
            missing -= live.count
            found += live
        }
        return found
    }

    /// Returns the tasks of a workload that can serve requests, sorted by ordinal and attempt: the ready tasks on nodes that
    /// answer.
    package func serving(_ name: WorkloadName, of owner: OwnerName) -> [TaskStatus] {
        live(name, of: owner).map(\.status).filter { $0.ready && !$0.nodeUnknown }
    }

    /// Returns the addresses at which the dependencies of a task are served now, by the names of the environment variables that
    /// pass them to the task. If several tasks serve the same port, the first task counts. If ports of several workloads have the
    /// same variable, the first workload counts.
    func addresses(for task: TaskRecord) -> [String: String] {
        var addresses: [String: String] = [:]
        for name in task.dependencies {
            for endpoint in serving(name, of: task.slot.owner).flatMap(\.endpoints) {
                let variable = endpoint.variable(of: name)
                if addresses[variable] == nil { addresses[variable] = endpoint.address }
            }
        }
        return addresses
    }

    /// Returns the number of tasks of an owner that have not ended.
    func liveCount(of owner: OwnerName) -> Int {
        Set((index.slots[owner] ?? []).map(\.workload)).reduce(0) { $0 + (index.live[$1] ?? 0) }
    }
}
