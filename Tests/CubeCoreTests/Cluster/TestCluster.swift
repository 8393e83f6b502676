import CubeErrors
import CubeTypes
import HashTreeCollections
import Testing

@testable import CubeCore

/// A cluster state with one transaction for each command, and a manual clock.
struct TestCluster {
    static let cluster = ClusterID(rawValue: "11111111-1111-4111-8111-111111111111")!
    static let source = SourceID(rawValue: "22222222-2222-4222-8222-222222222222")!
    static let otherSource = SourceID(rawValue: "33333333-3333-4333-8333-333333333333")!

    var state: ClusterState
    var now = Timestamp(milliseconds: 1_700_000_000_000)
    /// The changes of the last transaction.
    var changes = ClusterChanges()

    init(policy: SchedulingPolicy = .spread, prefersImages: Bool = true) {
        state = ClusterState(
            records: ClusterRecords(cluster: Self.cluster), term: 1, policy: policy, prefersImages: prefersImages,
            at: DurableInstant(wall: now))
    }

    mutating func run<Answer>(
        by author: Author? = nil, _ command: (inout ClusterTransaction) throws(APIError) -> Answer
    ) throws(APIError) -> Answer {
        var transaction = ClusterTransaction(state, at: DurableInstant(wall: now))
        transaction.author = author
        defer {
            transaction.finish()
            state = transaction.state
            changes = transaction.changes
        }
        return try command(&transaction)
    }

    /// - Parameter host: the address of the node; by default, this machine.
    mutating func join(
        _ node: NodeName, cpu: Int = 4000, runtimes: [String] = ["process"],
        exclusiveRuntimes: [String] = ["process"], host: String? = nil, images: [String] = [],
        labels: [String: String] = [:]
    ) throws {
        let worker = WorkerInfo(
            name: node, version: "1", url: host.map { "http://\($0):7000" } ?? "unix:/\(node)", runtimes: runtimes,
            exclusiveRuntimes: exclusiveRuntimes, capacity: ResourceSpec(millicores: cpu, memory: 1000, disk: 1000),
            labels: labels, images: ImageSet(images),
            bootID: "boot", incarnation: "1")
        _ = try run { (transaction) throws(APIError) in try transaction.register(worker) }
        try report([], from: node, isComplete: true)
    }

    @discardableResult
    mutating func report(
        _ tasks: [WorkerTask], from node: NodeName, isComplete: Bool = false, volumes: [VolumeKey] = []
    ) throws -> [TaskID] {
        let list = WorkerTaskList(
            complete: isComplete, incarnation: "1", sequence: 1, tasks: tasks, volumes: isComplete ? volumes : nil)
        return try run { (transaction) throws(APIError) in try transaction.observe(list, from: node) }
    }

    /// Acquires the lease from its present holder, and returns its fence.
    mutating func takeLease(_ owner: OwnerName = .default, source: SourceID = source) throws -> Int {
        let request = LeaseRequest(
            holder: "test", source: source, succeeds: state.records.owners[owner]?.grant?.fence)
        return try run { (transaction) throws(APIError) in try transaction.lease(owner, request) }.fence
    }

    func proposal(
        _ name: WorkloadName, ordinal: Int = 0, attempt: Int = 0, owner: OwnerName = .manual, cpu: Int = 0,
        kind: TaskKind = .service, image: String? = nil, ports: [PortSpec] = [], files: [TaskFile] = [],
        volumes: [VolumeMount] = [], network: TaskNetwork = .standard, dependencies: [WorkloadName] = [],
        constraints: PlacementConstraints = .none
    ) -> TaskProposal {
        // The ports of a container have numbers inside it.
        let ports = ports.map { port in
            PortSpec(
                name: port.name, container: image == nil ? nil : 80, host: port.host, transport: port.transport)
        }
        let definition = TaskDefinition(
            name: name, kind: kind, image: image, command: ["true"], resources: ResourceSpec(millicores: cpu),
            network: network, ports: ports, files: files, volumes: volumes,
            constraints: constraints)
        let digest = definition.specDigest
        let id = TaskID.derive(
            cluster: Self.cluster, owner: owner, name: name, ordinal: ordinal, attempt: attempt, digest: digest)
        return TaskProposal(
            id: id, name: name, ordinal: ordinal, attempt: attempt, specDigest: digest,
            settingsDigest: definition.settingsDigest, definition: definition, dependencies: dependencies)
    }

    @discardableResult
    mutating func schedule(
        _ proposal: TaskProposal, owner: OwnerName = .manual, fence: Int = 0, pass: Int = 0, maxLive: Int = 10
    ) throws(APIError) -> (task: TaskStatus, created: Bool) {
        let request = ScheduleRequest(owner: owner, fence: fence, pass: pass, maxLive: maxLive, task: proposal)
        return try run { (transaction) throws(APIError) in try transaction.schedule(request) }
    }

    @discardableResult
    mutating func stop(_ id: TaskID) throws(APIError) -> TaskStatus {
        try run { (transaction) throws(APIError) in try transaction.stop(id) }
    }

    func task(_ id: TaskID) -> TaskRecord? { state.records.tasks[id] }

    /// The report of a worker that has this task.
    func report(_ id: TaskID, _ state: TaskState, run: Int = 1, ready: Bool = true) -> WorkerTask {
        let task = task(id)!
        return WorkerTask(
            id: id, placement: task.placements, run: run, state: state, ready: ready && state == .running,
            settingsDigest: task.settingsDigest)
    }
}

extension WorkloadName {
    static let web = WorkloadName(rawValue: "web")!
    static let db = WorkloadName(rawValue: "db")!
}

extension NodeName {
    static let w1 = NodeName(rawValue: "w1")!
    static let w2 = NodeName(rawValue: "w2")!
}

/// Expects an error with this reason.
func expectRefusal<Answer>(
    _ reason: ErrorReason, sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Answer
) {
    let error = #expect(throws: APIError.self, sourceLocation: sourceLocation) { _ = try body() }
    #expect(error?.reason == reason, sourceLocation: sourceLocation)
}
