import CubeErrors
import CubeTypes
import Foundation
import HashTreeCollections
import Testing

@testable import CubeCore

struct PortTests {
    private static let web = [PortSpec(name: "http", host: 8080)]

    @Test func `a host port is allocated once; a later task waits until the port is free`()
        throws
    {
        var cluster = TestCluster()
        try cluster.join(.w1)
        let (first, second) = (cluster.proposal(.web, ports: Self.web), cluster.proposal(.db, ports: Self.web))
        try cluster.schedule(first)
        let waiting = try cluster.schedule(second).task
        #expect(waiting.state == .pending && waiting.reason == .portTaken)
        #expect(waiting.message?.contains("port 8080/tcp") == true)
        #expect(waiting.endpoints.isEmpty)
        let udp = cluster.proposal(.db, ordinal: 1, ports: [PortSpec(name: "dns", host: 8080, transport: .udp)])
        #expect(try cluster.schedule(udp).task.state == .scheduled, "Another protocol is another port.")

        try cluster.stop(first.id)
        try cluster.report([cluster.report(first.id, .stopping)], from: .w1)
        #expect(cluster.task(second.id)?.phase.state == .pending, "It may still listen.")
        try cluster.report([cluster.report(first.id, .stopped)], from: .w1)
        #expect(cluster.task(second.id)?.phase.placement?.ports == ["http": 8080])
        #expect(cluster.task(first.id)?.status.endpoints == [])
    }

    @Test func `a second node can allocate the same port`() throws {
        var cluster = TestCluster()
        try cluster.join(.w1)
        try cluster.join(.w2)
        for ordinal in 0...1 {
            try cluster.schedule(cluster.proposal(.web, ordinal: ordinal, ports: Self.web))
        }
        #expect(cluster.state.index.states == [.scheduled: 2])
    }

    @Test func `the worker receives the port numbers, and a task has endpoints, even after its node's address changed`()
        throws
    {
        var cluster = TestCluster()
        try cluster.join(.w1)
        let proposal = cluster.proposal(.web, ports: [PortSpec(name: "http", host: 8080), PortSpec(name: "admin")])
        try cluster.schedule(proposal)
        guard case .assign(let assignment) = cluster.state.call(for: proposal.id, on: .w1) else {
            Issue.record("not assigned")
            return
        }
        let admin = try #require(assignment.ports["admin"])
        #expect(assignment.ports["http"] == 8080)
        #expect(
            cluster.task(proposal.id)?.status.endpoints == [
                TaskEndpoint(name: "http", address: "127.0.0.1:8080"),
                TaskEndpoint(name: "admin", address: "127.0.0.1:\(admin)"),
            ])
        let worker = WorkerInfo(
            name: .w1, version: "1", url: "http://[fd00::5]:7000", runtimes: ["process"],
            capacity: ResourceSpec(millicores: 4000), bootID: "boot", incarnation: "2")
        _ = try cluster.run { (transaction) throws(APIError) in try transaction.register(worker) }
        #expect(cluster.task(proposal.id)?.status.endpoints.first?.address == "[fd00::5]:8080")
    }

    @Test func `a placement stored without ports is read`() throws {
        let stored = #"{"node": "w1", "number": 3}"#
        let placement = try JSONDecoder().decode(Placement.self, from: Data(stored.utf8))
        #expect(placement == Placement(node: .w1, number: 3))
    }
}
