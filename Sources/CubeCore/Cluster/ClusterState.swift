package import HashTreeCollections
package import CubeTypes

/// The state of a cluster: what is durable, what is derived from it, and what is only known while the manager lives.
///
/// It is a value: a copy costs a reference, whatever its size. Commands are decided in a ``ClusterTransaction`` on a copy,
/// which replaces this one when its changes are stored.
package struct ClusterState: Sendable {
    /// The manager's incarnation.
    package internal(set) var term: Int
    package let policy: SchedulingPolicy
    /// The secret under which holds and approvals name digests; `nil` where they name digests as they are.
    let digestKey: DigestKey?
    package internal(set) var records: ClusterRecords
    package internal(set) var index: ClusterIndex
    /// By owner; not stored, so that a renewal costs no write and works where the disk is full.
    package internal(set) var leases: TreeDictionary<OwnerName, LiveLease>
    /// Live tasks on workers that ended or are elsewhere, by the placement that the worker named; every complete list
    /// names them anew.
    package internal(set) var strays: TreeDictionary<NodeName, TreeDictionary<TaskID, Int>> = [:]

    /// What is known of a lease beyond who has it.
    package struct LiveLease: Equatable, Sendable {
        /// On the boot-time clock, so that no wall clock that jumps makes it longer or shorter.
        package var end: DurableDeadline
        /// What its holder said last that its guards hold.
        package var holds: [Hold] = []

        init(from moment: DurableInstant, holds: [Hold] = []) {
            end = DurableDeadline(Lease.length, from: moment)
            self.holds = holds
        }

        /// What the wall clock should show at its end, for people.
        package var expiresAt: Timestamp { end.wall }

        func isLive(at moment: DurableInstant) -> Bool { !end.hasPassed(at: moment) }
    }

    /// Takes up stored records. Renewals were not stored: each lease counts in full from now.
    package init(
        records: ClusterRecords, term: Int, policy: SchedulingPolicy, digestKey: DigestKey? = nil,
        at moment: DurableInstant
    ) {
        self.records = records
        self.term = term
        self.policy = policy
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
    package func status(of owner: OwnerRecord) -> OwnerStatus {
        let live = leases[owner.name]
        return OwnerStatus(
            owner: owner.name, source: owner.source,
            lease: owner.grant.flatMap { grant in
                live.map {
                    Lease(holder: grant.holder, source: grant.source, fence: grant.fence, expiresAt: $0.expiresAt)
                }
            },
            fence: owner.fence, directives: owner.directives, holds: live?.holds ?? [],
            limits: owner.guardLimits, pruned: owner.window.pruned, root: owner.root,
            claimedRevision: owner.claimedRevision, revision: owner.revision)
    }

    /// - Parameters:
    ///   - lastSeenAt: When it answered last, which is not part of the state.
    ///   - message: What keeps it from answering, which is not either.
    package func info(of node: NodeRecord, lastSeenAt: Timestamp?, message: String? = nil) -> NodeInfo {
        let load = index.load(of: node.worker.name)
        return NodeInfo(
            name: node.worker.name, state: node.state, url: node.worker.url, version: node.worker.version,
            runtimes: node.worker.runtimes, labels: node.worker.labels, capacity: node.worker.capacity,
            reserved: load.reserved, tasks: load.tasks.count, lastSeenAt: lastSeenAt, message: message,
            revision: node.revision)
    }

    /// The tasks of a workload that have not ended, by ordinal and attempt; found without a look at those of others.
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

    /// The tasks of a workload that serve, by ordinal and attempt: they are ready, on nodes that answer.
    package func serving(_ name: WorkloadName, of owner: OwnerName) -> [TaskStatus] {
        live(name, of: owner).map(\.status).filter { $0.ready && !$0.nodeUnknown }
    }

    /// Where what a task depends on is served now, by the names of the variables that tell it. Of several tasks that serve
    /// a port the first one counts, and of several ports with one variable that of the first workload.
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

    /// How many tasks of an owner have not ended.
    func liveCount(of owner: OwnerName) -> Int {
        Set((index.slots[owner] ?? []).map(\.workload)).reduce(0) { $0 + (index.live[$1] ?? 0) }
    }
}
