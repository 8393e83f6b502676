import CubeErrors
import CubeTypes
import Foundation
import Testing

@testable import CubeCore

/// The addresses of the dependencies of a task.
struct AddressTests {
    private static let ports = [PortSpec(name: "sql", host: 5432), PortSpec(name: "http-admin", host: 8080)]

    /// A cluster with two tasks of `db` on different nodes.
    private static func cluster() throws -> (TestCluster, [TaskID]) {
        var cluster = TestCluster()
        var ids: [TaskID] = []
        for (ordinal, node) in [NodeName.w1, .w2].enumerated() {
            try cluster.join(node, host: "10.0.0.\(ordinal + 1)")
            let proposal = cluster.proposal(.db, ordinal: ordinal, ports: ports)
            try cluster.schedule(proposal)
            ids.append(proposal.id)
        }
        return (cluster, ids)
    }

    private func run(_ id: TaskID, ready: Bool = true, in cluster: inout TestCluster) throws {
        let node = try #require(cluster.task(id)?.phase.placement?.node)
        try cluster.report([cluster.report(id, .running, ready: ready)], from: node)
    }

    /// The assignment that the worker of a task would receive.
    private func addresses(_ id: TaskID, in cluster: TestCluster) throws -> [String: String] {
        let node = try #require(cluster.task(id)?.phase.placement?.node)
        guard case .assign(let assignment) = cluster.state.call(for: id, on: node) else {
            throw NotAssigned()
        }
        return assignment.addresses
    }

    private struct NotAssigned: Error {}

    @Test func `each port of a dependency has the address of the first ready task`() throws {
        var (cluster, db) = try Self.cluster()
        try run(db[0], ready: false, in: &cluster)
        try run(db[1], in: &cluster)
        let early = cluster.proposal(.web, dependencies: [.db, .db])
        try cluster.schedule(early)
        #expect(
            try addresses(early.id, in: cluster) == [
                "DB_SQL_ADDRESS": "10.0.0.2:5432", "DB_HTTP_ADMIN_ADDRESS": "10.0.0.2:8080",
            ])
        try run(db[0], in: &cluster)
        let late = cluster.proposal(.web, ordinal: 1, dependencies: [.db])
        try cluster.schedule(late)
        #expect(try addresses(late.id, in: cluster)["DB_SQL_ADDRESS"] == "10.0.0.1:5432")
        #expect(
            try addresses(early.id, in: cluster)["DB_SQL_ADDRESS"] == "10.0.0.2:5432",
            "It is the address as of the placement, however often it is told.")
    }

    @Test func `tasks that are not ready, no dependency, of another owner or on a silent node have no address`() throws
    {
        var (cluster, db) = try Self.cluster()
        try run(db[0], ready: false, in: &cluster)
        let none = cluster.proposal(.web, dependencies: [.db])
        try cluster.schedule(none)
        #expect(try addresses(none.id, in: cluster) == [:])

        for id in db { try run(id, in: &cluster) }
        let stranger = cluster.proposal(.web, ordinal: 1)
        try cluster.schedule(stranger)
        #expect(try addresses(stranger.id, in: cluster) == [:])

        let fence = try cluster.takeLease()
        let foreign = cluster.proposal(.web, owner: .default, dependencies: [.db])
        try cluster.schedule(foreign, owner: .default, fence: fence)
        #expect(try addresses(foreign.id, in: cluster) == [:])

        try cluster.run { (transaction) throws(APIError) in try transaction.silence(.w1) }
        let late = cluster.proposal(.web, ordinal: 2, dependencies: [.db])
        try cluster.schedule(late)
        #expect(try addresses(late.id, in: cluster)["DB_SQL_ADDRESS"] == "10.0.0.2:5432")
    }

    @Test func `a task that waited for a node receives the addresses at the time of its placement`() throws {
        var cluster = TestCluster()
        try cluster.join(.w1, host: "10.0.0.1")
        let db = cluster.proposal(.db, ports: Self.ports)
        try cluster.schedule(db)
        let large = cluster.proposal(.web, cpu: 8000, dependencies: [.db])
        #expect(try cluster.schedule(large).task.state == .pending)
        try run(db.id, in: &cluster)
        try cluster.join(.w2, cpu: 8000)
        #expect(try addresses(large.id, in: cluster)["DB_SQL_ADDRESS"] == "10.0.0.1:5432")
    }

    @Test func `a task stored without dependencies is read`() throws {
        var cluster = TestCluster()
        let proposal = cluster.proposal(.web)
        try cluster.schedule(proposal)
        let task = try #require(cluster.task(proposal.id))
        var stored = try #require(
            try JSONSerialization.jsonObject(with: JSONEncoder().encode(task)) as? [String: Any])
        #expect(stored.removeValue(forKey: "dependencies") != nil)
        let data = try JSONSerialization.data(withJSONObject: stored)
        #expect(try JSONDecoder().decode(TaskRecord.self, from: data) == task)
    }
}
