import CubeErrors
import CubeTypes
import Foundation
import Testing

@testable import CubeCore

/// What other programs learn about the endpoints of ready tasks.
struct EndpointDiscoveryTests {
    private static let ports = [
        PortSpec(name: "http", host: 8080), PortSpec(name: "admin", host: 8443),
        PortSpec(name: "dns", host: 53, transport: .udp),
    ]

    /// A cluster of two nodes, each with a ready task of `web`.
    private static func cluster() throws -> (TestCluster, [TaskID]) {
        var cluster = TestCluster()
        var ids: [TaskID] = []
        for (ordinal, node) in [NodeName.w1, .w2].enumerated() {
            try cluster.join(node, host: ordinal == 0 ? "10.0.0.1" : "[fd00::2]")
            let id = try schedule(ordinal, in: &cluster)
            try report(id, in: &cluster)
            ids.append(id)
        }
        return (cluster, ids)
    }

    private static func schedule(_ ordinal: Int, in cluster: inout TestCluster) throws -> TaskID {
        var proposal = cluster.proposal(.web, ordinal: ordinal, ports: ports)
        proposal.definition.labels = ["team": "shop", "app.example/part-of": "a b", "app_example_part_of": "hidden"]
        proposal.definition.health.ready = HealthCheck(http: HTTPProbe(port: .name("admin"), scheme: .https))
        proposal.settingsDigest = proposal.definition.settingsDigest
        return try cluster.schedule(proposal).task.id
    }

    private static func report(_ id: TaskID, ready: Bool = true, in cluster: inout TestCluster) throws {
        let node = try #require(cluster.task(id)?.phase.placement?.node)
        try cluster.report([cluster.report(id, .running, ready: ready)], from: node)
    }

    private static func silence(_ node: NodeName, in cluster: inout TestCluster) throws {
        try cluster.run { (transaction) throws(APIError) in try transaction.silence(node) }
    }

    private static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    @Test func `A status file lists the endpoints of a silent node only if no node that answers serves the workload`()
        throws
    {
        var (cluster, ids) = try Self.cluster()
        let selection = EndpointSelection(name: .web, port: "http")
        func listed() -> [String] {
            cluster.state.live(in: selection).usableEndpoints.filter { $0.name == "http" }.map(\.address)
        }
        func usable() -> [String] { cluster.state.endpoints(in: selection).usable.map(\.address) }
        #expect(listed() == ["10.0.0.1:8080", "[fd00::2]:8080"] && usable() == listed())
        // The only other node has the task of the other ordinal, whose fixed ports it uses.
        try Self.silence(.w1, in: &cluster)
        #expect(cluster.task(ids[0])?.phase.placement?.node == .w1)
        #expect(listed() == ["[fd00::2]:8080"] && usable() == listed())
        try Self.silence(.w2, in: &cluster)
        #expect(listed() == ["10.0.0.1:8080", "[fd00::2]:8080"] && usable() == listed())
        try cluster.report([], from: .w2)
        try cluster.stop(ids[1])
        #expect(listed() == ["10.0.0.1:8080"] && usable() == listed(), "A task that is being stopped serves nothing.")
    }

    // MARK: Prometheus

    @Test func `Prometheus gets a group for each TCP port of a ready task`() throws {
        let (cluster, ids) = try Self.cluster()
        let groups = PrometheusTargets.groups(in: cluster.state, EndpointSelection(port: "http"))
        #expect(groups.map(\.targets) == [["10.0.0.1:8080"], ["[fd00::2]:8080"]])
        #expect(
            try Self.json(groups[0]) == """
                {
                  "labels" : {
                    "__meta_cube_cluster" : "11111111-1111-4111-8111-111111111111",
                    "__meta_cube_label_app_example_part_of" : "a b",
                    "__meta_cube_label_team" : "shop",
                    "__meta_cube_name" : "web",
                    "__meta_cube_node" : "w1",
                    "__meta_cube_ordinal" : "0",
                    "__meta_cube_owner" : "manual",
                    "__meta_cube_port" : "http",
                    "__meta_cube_task_id" : "\(ids[0])"
                  },
                  "targets" : [
                    "10.0.0.1:8080"
                  ]
                }
                """)
        let all = PrometheusTargets.groups(in: cluster.state, EndpointSelection())
        #expect(all.map { $0.labels["__meta_cube_port"] } == ["http", "admin", "http", "admin"], "UDP is not scraped.")
        for other in [EndpointSelection(owner: .default), EndpointSelection(name: .db), EndpointSelection(port: "dns")]
        {
            #expect(PrometheusTargets.groups(in: cluster.state, other).isEmpty)
        }
    }

    @Test func `Prometheus gets neither tasks that are not ready nor tasks on silent nodes`() throws {
        var (cluster, ids) = try Self.cluster()
        let selection = EndpointSelection(name: .web, port: "http")
        try Self.report(ids[0], ready: false, in: &cluster)
        #expect(PrometheusTargets.groups(in: cluster.state, selection).map(\.targets) == [["[fd00::2]:8080"]])
        try Self.silence(.w2, in: &cluster)
        #expect(PrometheusTargets.groups(in: cluster.state, selection) == [])
    }

    // MARK: Traefik

    @Test func `Traefik gets a service for each port, with URLs for HTTP and addresses for TCP and UDP`() throws {
        let (cluster, _) = try Self.cluster()
        #expect(
            try Self.json(TraefikConfiguration(of: cluster.state, EndpointSelection())) == """
                {
                  "http" : {
                    "services" : {
                      "manual_web_admin" : {
                        "loadBalancer" : {
                          "servers" : [
                            {
                              "url" : "https://10.0.0.1:8443"
                            },
                            {
                              "url" : "https://[fd00::2]:8443"
                            }
                          ]
                        }
                      },
                      "manual_web_http" : {
                        "loadBalancer" : {
                          "servers" : [
                            {
                              "url" : "http://10.0.0.1:8080"
                            },
                            {
                              "url" : "http://[fd00::2]:8080"
                            }
                          ]
                        }
                      }
                    }
                  },
                  "tcp" : {
                    "services" : {
                      "manual_web_admin" : {
                        "loadBalancer" : {
                          "servers" : [
                            {
                              "address" : "10.0.0.1:8443"
                            },
                            {
                              "address" : "[fd00::2]:8443"
                            }
                          ]
                        }
                      },
                      "manual_web_http" : {
                        "loadBalancer" : {
                          "servers" : [
                            {
                              "address" : "10.0.0.1:8080"
                            },
                            {
                              "address" : "[fd00::2]:8080"
                            }
                          ]
                        }
                      }
                    }
                  },
                  "udp" : {
                    "services" : {
                      "manual_web_dns" : {
                        "loadBalancer" : {
                          "servers" : [
                            {
                              "address" : "10.0.0.1:53"
                            },
                            {
                              "address" : "[fd00::2]:53"
                            }
                          ]
                        }
                      }
                    }
                  }
                }
                """)
    }

    @Test func `a document for Traefik contains no empty section, which would make Traefik reject it`() throws {
        let (cluster, _) = try Self.cluster()
        #expect(try Self.json(TraefikConfiguration(of: TestCluster().state, EndpointSelection())) == "{\n\n}")
        let dns = TraefikConfiguration(of: cluster.state, EndpointSelection(port: "dns"))
        #expect(dns.http == nil && dns.tcp == nil && dns.udp?.services.count == 1)
    }

    @Test func `a service without a ready task has no servers, and goes with the last task`() throws {
        var (cluster, ids) = try Self.cluster()
        func servers() -> [String]? {
            TraefikConfiguration(of: cluster.state, EndpointSelection(port: "http")).http?
                .services["manual_web_http"]?.loadBalancer.servers.compactMap(\.url)
        }
        try Self.report(ids[0], ready: false, in: &cluster)
        #expect(servers() == ["http://[fd00::2]:8080"])
        try Self.report(ids[1], ready: false, in: &cluster)
        #expect(servers() == [])
        for id in ids {
            try cluster.stop(id)
            let node = try #require(cluster.task(id)?.phase.placement?.node)
            try cluster.report([cluster.report(id, .stopped)], from: node)
        }
        #expect(servers() == nil)
    }

    // MARK: Silent nodes

    @Test func `endpoints on a silent node are used only if a workload has no others`() throws {
        var (cluster, _) = try Self.cluster()
        func usable() -> [String] {
            cluster.state.endpoints(in: EndpointSelection(port: "http")).usable.map(\.address)
        }
        #expect(usable() == ["10.0.0.1:8080", "[fd00::2]:8080"])
        try Self.silence(.w1, in: &cluster)
        let list = cluster.state.endpoints(in: EndpointSelection(port: "http"))
        #expect(list.endpoints.map(\.ordinal) == [1] && list.silent.map(\.ordinal) == [0])
        #expect(usable() == ["[fd00::2]:8080"])
        try Self.silence(.w2, in: &cluster)
        #expect(usable() == ["10.0.0.1:8080", "[fd00::2]:8080"], "The manager may be the one that is cut off.")
        #expect(
            TraefikConfiguration(of: cluster.state, EndpointSelection(port: "http")).tcp?
                .services["manual_web_http"]?.loadBalancer.servers.count == 2)
    }

    // MARK: Changes

    @Test func `only a change of an endpoint counts as one`() throws {
        var (cluster, ids) = try Self.cluster()
        func isChange(_ command: (inout TestCluster) throws -> Void) rethrows -> Bool {
            let before = cluster.state
            try command(&cluster)
            #expect(cluster.state.revision > before.revision)
            return cluster.changes.changeEndpoints(of: before)
        }
        #expect(try isChange { try Self.report(ids[0], ready: false, in: &$0) })
        #expect(try isChange { try Self.report(ids[0], in: &$0) })
        #expect(try isChange { try Self.silence(.w1, in: &$0) })
        #expect(try !isChange { _ = try $0.schedule($0.proposal(.db)) })
        #expect(try !isChange { _ = try Self.schedule(2, in: &$0) })
        #expect(try isChange { try $0.stop(ids[1]) })
    }
}
