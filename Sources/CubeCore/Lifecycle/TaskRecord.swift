package import CubeTypes

/// The manager's record of a task.
package struct TaskRecord: Hashable, Codable, Sendable, Identifiable {
    package let id: TaskID
    package let slot: SlotKey
    package let attempt: Int
    package let specDigest: Digest
    package var settingsDigest: Digest
    package var source: String?
    package var definition: TaskDefinition
    /// The workloads of the same owner whose addresses the task gets.
    package var dependencies: [WorkloadName]
    /// The last declaration by the owner's source; `nil` if there is none, as in the store of an older version or after an adoption.
    package var declaration: Declared?
    package var phase: TaskPhase
    /// The number of placements so far.
    package var placements = 0
    package var health = Health.unready
    /// Whether the node is silent.
    package var nodeUnknown = false
    /// What is to become of the task while its node is drained.
    package var eviction: TaskEviction?
    /// The former placements of the task whose ends are not known yet, because their nodes were drained or silent.
    package var leaving: [FormerPlacement] = []
    package let createdAt: Timestamp
    package let createdRevision: Int
    package var revision: Int

    /// A declaration of the task by the owner's source.
    package struct Declared: Hashable, Codable, Sendable {
        /// The revision of the last declaration.
        package var revision: Int
        /// Whether the task may be stopped when its manifest is removed.
        package var prune: Bool
        /// How long the task must be ready before its digest counts as healthy; `nil` means ``TaskProposal/standardMinHealthy``.
        package var minHealthy: DurationText?

        package init(revision: Int, prune: Bool, minHealthy: Duration? = nil) {
            self.revision = revision
            self.prune = prune
            self.minHealthy = minHealthy.map { DurationText($0) }
        }
    }

    /// A placement that was replaced by a later one.
    package struct FormerPlacement: Hashable, Codable, Sendable {
        package var node: NodeName
        package var number: Int
    }

    /// How long the task has been ready.
    package enum Health: Hashable, Codable, Sendable {
        case unready
        case ready(since: DurableInstant)
        /// The task has been ready for ``TaskRecord/minHealthy``.
        case proven
    }

    package init(
        id: TaskID, slot: SlotKey, attempt: Int, specDigest: Digest, settingsDigest: Digest, source: String?,
        definition: TaskDefinition, dependencies: [WorkloadName] = [], declaration: Declared? = nil, phase: TaskPhase,
        createdAt: Timestamp, createdRevision: Int? = nil, revision: Int
    ) {
        self.id = id
        self.slot = slot
        self.attempt = attempt
        self.specDigest = specDigest
        self.settingsDigest = settingsDigest
        self.source = source
        self.definition = definition
        self.dependencies = dependencies
        self.declaration = declaration
        self.phase = phase
        self.createdAt = createdAt
        self.createdRevision = createdRevision ?? revision
        self.revision = revision
    }

    /// Decodes a record. Values that an older version of Cube did not store are empty.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decode(TaskID.self, forKey: .id)
        slot = try container.decode(SlotKey.self, forKey: .slot)
        attempt = try container.decode(Int.self, forKey: .attempt)
        specDigest = try container.decode(Digest.self, forKey: .specDigest)
        settingsDigest = try container.decode(Digest.self, forKey: .settingsDigest)
        source = try container.decodeIfPresent(String.self, forKey: .source)
        definition = try container.decode(TaskDefinition.self, forKey: .definition)
        dependencies = try container.decodeIfPresent([WorkloadName].self, forKey: .dependencies) ?? []
        declaration = try container.decodeIfPresent(Declared.self, forKey: .declaration)
        phase = try container.decode(TaskPhase.self, forKey: .phase)
        placements = try container.decode(Int.self, forKey: .placements)
        health = try container.decode(Health.self, forKey: .health)
        nodeUnknown = try container.decode(Bool.self, forKey: .nodeUnknown)
        eviction = try container.decodeIfPresent(TaskEviction.self, forKey: .eviction)
        leaving = try container.decodeIfPresent([FormerPlacement].self, forKey: .leaving) ?? []
        createdAt = try container.decode(Timestamp.self, forKey: .createdAt)
        createdRevision = try container.decode(Int.self, forKey: .createdRevision)
        revision = try container.decode(Int.self, forKey: .revision)
    }

    /// How long the task must be ready before its digest counts as healthy.
    var minHealthy: Duration { declaration?.minHealthy?.duration ?? TaskProposal.standardMinHealthy }

    /// The last report of the worker, even if the task has ended.
    package var report: WorkerTask? { lastPlacement?.report }

    /// Whether the task is to be placed on another node, because its node is silent.
    var awaitsReplacement: Bool {
        guard nodeUnknown, definition.onLost == .replace else { return false }
        return switch phase {
        case .scheduled, .running: true
        case .pending, .stopping, .ended: false
        }
    }

    var lastPlacement: Placement? {
        if case .ended(let end) = phase { end.placement } else { phase.placement }
    }
}

extension TaskDefinition {
    /// Returns the addresses of the task's ports.
    ///
    /// - Parameter ports: the port numbers by the names of the ports.
    package func endpoints(on host: String, ports numbers: [String: Int]) -> [TaskEndpoint] {
        ports.compactMap { port in
            numbers[port.name].map {
                TaskEndpoint(
                    name: port.name, address: "\(Endpoint.Address.tcp(host: host, port: $0))", transport: port.transport
                )
            }
        }
    }
}

extension TaskRecord {
    /// The ports that the task uses on its node.
    var hostPorts: [HostPort] {
        guard let numbers = phase.placement?.ports else { return [] }
        return definition.ports.compactMap { port in numbers[port.name].map { HostPort($0, port.transport) } }
    }

    private var endpoints: [TaskEndpoint] {
        guard let placement = phase.placement, let host = placement.host else { return [] }
        return definition.endpoints(on: host, ports: placement.ports)
    }

    /// The endpoints of a ready task, and what else decides how they are listed.
    struct Serving: Equatable {
        let slot: SlotKey
        let endpoints: [TaskEndpoint]
        let isNodeUnknown: Bool
    }

    /// The endpoints of the task; `nil` if it is not ready or has no ports.
    var serving: Serving? {
        guard case .running(let placement) = phase, placement.report?.ready == true, !definition.ports.isEmpty else {
            return nil
        }
        return Serving(slot: slot, endpoints: endpoints, isNodeUnknown: nodeUnknown)
    }

    /// The status of the task, as the API returns it.
    package var status: TaskStatus {
        var status = TaskStatus(
            id: id, owner: slot.owner, name: slot.name, ordinal: slot.ordinal, attempt: attempt, state: phase.state,
            specDigest: specDigest, settingsDigest: settingsDigest, source: source, dependencies: dependencies,
            prune: declaration?.prune, minHealthy: declaration?.minHealthy?.duration,
            declaredRevision: declaration?.revision, node: lastPlacement?.node,
            placement: placements, endpoints: endpoints, nodeUnknown: nodeUnknown,
            eviction: eviction, createdAt: createdAt,
            createdRevision: createdRevision,
            revision: revision, definition: definition.withoutContents.withoutGeneratedID)
        if let report {
            status.run = report.run
            status.restarts = report.restarts
            status.exit = report.exit
            status.imageDigest = report.imageDigest
            status.imageMovedTo = report.imageMovedTo
            status.notEnforced = report.notEnforced
            status.startedAt = report.startedAt
            status.reason = report.reason
            status.message = report.message
        }
        switch phase {
        case .pending(let cause):
            status.reason = cause.reason
            status.message = cause.message
        case .scheduled(let placement):
            status.notBefore = placement.report?.notBefore
            status.reason = placement.report?.reason ?? .starting
        case .running(let placement):
            status.ready = placement.report?.ready ?? false
        case .stopping:
            status.desired = .stop
            status.reason = .stopRequested
        case .ended(let end):
            status.desired = end.outcome == .stopped ? .stop : .run
            status.reason = end.reason
            status.message = end.message
            status.endedAt = end.at
        }
        return status
    }
}
