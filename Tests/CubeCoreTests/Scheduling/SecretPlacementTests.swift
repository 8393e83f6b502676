import CubeErrors
import CubeTypes
import HashTreeCollections
import Testing

@testable import CubeCore

/// Tasks that need secrets are placed on nodes that have them.
struct SecretPlacementTests {
    private func candidate(_ name: String, _ secrets: [String]?) -> Candidate {
        Candidate(
            NodeTraits(
                name: NodeName(rawValue: name)!, runtimes: ["process"], secrets: secrets,
                capacity: ResourceSpec(millicores: 1000, memory: 1000, disk: 1000)))
    }

    private var definition: TaskDefinition {
        var definition = TaskDefinition(name: .web, command: ["web"])
        definition.envFrom = [ContentSource("secret:db.env")]
        definition.files = [TaskFile(source: ContentSource("secret:key"), target: "key")]
        return definition
    }

    private func cause(on candidates: [Candidate], besides others: [UnavailableNode] = []) -> PendingCause? {
        let feasibility = Feasibility(of: Demand(definition, of: .default), on: candidates, besides: others)
        guard case .infeasible(let cause) = feasibility else { return nil }
        return cause
    }

    @Test func `A definition names its secrets in files, variables and the credentials of its registry`() {
        var definition = definition
        definition.envFrom.append(ContentSource("web.env"))
        #expect(definition.secretNames == ["db.env", "key"])
        definition.pull.auth = "secret:ghcr"
        #expect(definition.secretNames == ["db.env", "key", "ghcr"])
        #expect(TaskDefinition(name: .web, command: ["web"]).secretNames.isEmpty)
    }

    @Test func `A task is placed on a node that has all of its secrets, or of which this is unknown`() {
        let nodes = [
            candidate("a", ["key"]), candidate("b", ["db.env", "key"]), candidate("c", nil), candidate("d", []),
        ]
        #expect(
            Feasibility(of: Demand(definition, of: .default), on: nodes) == .feasible([nodes[1], nodes[2]]))
    }

    @Test func `A task whose secrets no node has is pending, and its message names the secrets and a node`() {
        #expect(
            cause(on: [candidate("b", []), candidate("a", ["key"])])
                == PendingCause(
                    reason: .secretMissing,
                    message:
                        "no node that could run the task has the secret db.env; put it into the secrets directory of "
                        + "a node, such as a"))
        #expect(
            cause(on: [candidate("a", ["key"]), candidate("b", ["db.env"])])?.message
                == "no node that could run the task has the secrets db.env and key together; put the missing ones into the "
                + "secrets directory of a node, such as a; of 2 nodes, 1 lacks the secret db.env and 1 lacks the secret key"
        )
        let silent = UnavailableNode(
            NodeTraits(name: .w1, runtimes: ["process"], secrets: ["db.env", "key"], capacity: .zero), state: .silent)
        #expect(
            cause(on: [candidate("a", [])], besides: [silent])?.message
                == "node w1 is silent; no other node has the secrets db.env and key; of 2 nodes, 1 lacks the secret db.env "
                + "and 1 could run the task")
    }

    @Test func `A node that gets a missing secret gets the tasks that waited for it, without being contacted anew`()
        throws
    {
        var cluster = TestCluster()
        try cluster.join(.w1)
        var worker = try #require(cluster.state.records.nodes[.w1]).worker
        func register() throws -> NodeRecord {
            _ = try cluster.run { (transaction) throws(APIError) in try transaction.register(worker) }
            return try #require(cluster.state.records.nodes[.w1])
        }
        worker.secrets = ["key"]
        let contacted = try register().registeredRevision
        let waiting = try cluster.schedule(definition).task
        #expect(waiting.state == .pending && waiting.reason == .secretMissing)
        worker.secrets = ["db.env", "key"]
        let node = try register()
        #expect(cluster.task(waiting.id)?.phase.state == .scheduled)
        #expect(node.registeredRevision == contacted)
        #expect(cluster.state.info(of: node, lastSeenAt: nil).secrets == ["db.env", "key"])
        // A secret that is removed later stops nothing.
        worker.secrets = []
        _ = try register()
        #expect(cluster.task(waiting.id)?.phase.placement?.node == .w1)
    }

    @Test func `A task whose secrets only its node has stays while that node is drained, and when it is lost`() throws {
        var cluster = TestCluster()
        for node in [NodeName.w1, .w2] {
            try cluster.join(node)
            var worker = try #require(cluster.state.records.nodes[node]).worker
            worker.secrets = node == .w1 ? ["db.env", "key"] : ["key"]
            _ = try cluster.run { (transaction) throws(APIError) in try transaction.register(worker) }
        }
        let task = try cluster.schedule(definition).task
        #expect(task.node == .w1)
        try cluster.report([cluster.report(task.id, .running)], from: .w1)
        try cluster.run { (transaction) throws(APIError) in try transaction.drain(.w1, DrainRequest()) }
        let eviction = try #require(cluster.task(task.id)?.eviction)
        #expect(!eviction.due && eviction.reason == .secretMissing)
        try cluster.run { (transaction) throws(APIError) in try transaction.silence(.w1) }
        #expect(cluster.task(task.id)?.phase.placement?.node == .w1)
    }

    @Test func `A registration with too many secrets or too long names is refused`() throws {
        var cluster = TestCluster()
        try cluster.join(.w1)
        var worker = try #require(cluster.state.records.nodes[.w1]).worker
        worker.secrets = Array(repeating: "a", count: TextBounds.secrets + 1)
        #expect(worker.problems.map(\.field) == ["secrets"])
        worker.secrets = [String(repeating: "a", count: TextBounds.secretName + 1)]
        #expect(worker.problems.map(\.field) == ["secrets"])
    }
}
