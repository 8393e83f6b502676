import CubeErrors
import CubeTypes
import HashTreeCollections
import Testing

@testable import CubeCore

struct AllowanceTests {
    private func candidate(
        _ name: String, _ allowances: NodeAllowances = .none, runtimes: [String] = ["docker"]
    ) -> Candidate {
        Candidate(
            NodeTraits(
                name: NodeName(rawValue: name)!, runtimes: runtimes, allowances: allowances,
                capacity: ResourceSpec(millicores: 1000, memory: 1000, disk: 1000)))
    }

    private let vpn = Demand(
        TaskDefinition(
            name: .web, image: "vpn:1", security: TaskSecurity(capabilities: ["NET_ADMIN"], devices: ["/dev/net/tun"])),
        of: .default)

    private func cause(
        of demand: Demand, on candidates: [Candidate], besides others: [UnavailableNode] = []
    ) -> PendingCause? {
        guard case .infeasible(let cause) = Feasibility(of: demand, on: candidates, besides: others) else { return nil }
        return cause
    }

    @Test func `A task is placed only on a node that allows everything that it needs`() {
        let all = NodeAllowances(capabilities: ["NET_ADMIN", "SYS_TIME"], devices: ["/dev/net/tun"])
        let nodes = [candidate("a"), candidate("b", all), candidate("c", NodeAllowances(capabilities: ["NET_ADMIN"]))]
        #expect(Feasibility(of: vpn, on: nodes) == .feasible([nodes[1]]))
    }

    @Test func `A task that no node allows is pending with what is not allowed and the option that allows it`() {
        let half = candidate("a", NodeAllowances(capabilities: ["NET_ADMIN"]))
        #expect(
            cause(of: vpn, on: [half, candidate("b")])
                == PendingCause(
                    reason: .notAllowed,
                    message: "no node that could run the task allows device /dev/net/tun; start its worker with "
                        + "--allow-device /dev/net/tun; of 2 nodes, 1 does not allow capability NET_ADMIN and 1 does not allow "
                        + "device /dev/net/tun"))
        let other = candidate("b", NodeAllowances(devices: ["/dev/net/tun"]))
        #expect(
            cause(of: vpn, on: [half, other])?.message
                == "no node that could run the task allows capability NET_ADMIN and device /dev/net/tun together; start "
                + "its worker with --allow-capability NET_ADMIN --allow-device /dev/net/tun; of 2 nodes, 1 does not allow "
                + "capability NET_ADMIN and 1 does not allow device /dev/net/tun")
        let silent = UnavailableNode(
            NodeTraits(
                name: NodeName(rawValue: "c")!, runtimes: ["docker"],
                allowances: NodeAllowances(capabilities: ["NET_ADMIN"], devices: ["/dev/net/tun"]),
                capacity: ResourceSpec(millicores: 1000)), state: .silent)
        #expect(
            cause(of: vpn, on: [half], besides: [silent])?.message
                == "node c is silent; no other node allows capability NET_ADMIN and device /dev/net/tun; of 2 nodes, 1 does not "
                + "allow device /dev/net/tun and 1 could run the task")
    }

    @Test func `A mount is allowed below an allowed path, and for writing only if the path is not read-only`() {
        let node = NodeAllowances(mounts: [
            AllowedMount(path: "/srv"), AllowedMount(path: "/etc/web", readOnly: true),
        ])
        func allows(_ path: String, readOnly: Bool = false) -> Bool {
            node.allows(.mount(path, readOnly: readOnly))
        }
        #expect(allows("/srv") && allows("/srv/web") && allows("/srv//web/./a/"))
        #expect(!allows("/srv2") && !allows("/") && !allows("/srv/../etc") && !allows("srv") && !allows(""))
        #expect(allows("/etc/web/a", readOnly: true) && !allows("/etc/web/a") && !allows("/etc", readOnly: true))
        // The same letter in another encoding is another file.
        #expect(
            !NodeAllowances(mounts: [AllowedMount(path: "/caf\u{e9}")]).allows(.mount("/cafe\u{301}", readOnly: true)))
    }

    @Test func `A worker that allows more after a restart gets the tasks that waited for it`() throws {
        var cluster = TestCluster()
        try cluster.join(.w1, runtimes: ["docker"])
        let definition = TaskDefinition(
            name: .web, image: "vpn:1", security: TaskSecurity(capabilities: ["NET_ADMIN"]))
        let waiting = try cluster.schedule(definition).task
        #expect(waiting.state == .pending && waiting.reason == .notAllowed)
        var worker = try #require(cluster.state.records.nodes[.w1]).worker
        worker.allowances.capabilities = ["NET_ADMIN"]
        _ = try cluster.run { (transaction) throws(APIError) in try transaction.register(worker) }
        #expect(cluster.task(waiting.id)?.phase.state == .scheduled)
        let node = try #require(cluster.state.records.nodes[.w1])
        #expect(cluster.state.info(of: node, lastSeenAt: nil).allowances == worker.allowances)
    }

    @Test func `The network of the node must be allowed`() {
        let demand = Demand(TaskDefinition(name: .web, image: "web:1", network: TaskNetwork(mode: .host)), of: .default)
        #expect(cause(of: demand, on: [candidate("a")])?.message.contains("--allow-host-network") == true)
        #expect(cause(of: demand, on: [candidate("a", NodeAllowances(hostNetwork: true))]) == nil)
    }

    @Test func `A task that uses the network of another is placed beside it, as soon as that one has a node`() throws {
        var cluster = TestCluster()
        try cluster.join(.w1, runtimes: ["docker"])
        let app = TaskDefinition(name: .web, image: "app:1", network: TaskNetwork(of: .db))
        let waiting = try cluster.schedule(app).task
        #expect(waiting.state == .pending && waiting.reason == .noNetwork)
        #expect(
            waiting.message
                == "no node that could run the task has db, whose network it uses; it is placed when db is")
        try cluster.join(.w2, cpu: 8000, runtimes: ["docker"])
        var vpn = TaskDefinition(name: .db, image: "vpn:1")
        vpn.resources.millicores = 5000
        #expect(try cluster.schedule(vpn).task.node == .w2)
        #expect(cluster.task(waiting.id)?.phase.placement?.node == .w2)
    }

    @Test func `A task is placed with the one whose network it uses, even if both waited for a node`() throws {
        var cluster = TestCluster()
        let app = try cluster.schedule(TaskDefinition(name: .web, image: "app:1", network: TaskNetwork(of: .db))).task
        let vpn = try cluster.schedule(TaskDefinition(name: .db, image: "vpn:1")).task
        #expect(app.reason == .noNode && vpn.reason == .noNode)
        try cluster.join(.w1, runtimes: ["docker"])
        #expect(cluster.task(vpn.id)?.phase.placement?.node == .w1)
        #expect(cluster.task(app.id)?.phase.placement?.node == .w1)
    }

    @Test func `A task comes to the node of those that use its network, although another has fewer tasks`() throws {
        var cluster = TestCluster()
        try cluster.join(.w1, runtimes: ["docker"])
        let first = try cluster.schedule(cluster.proposal(.db, image: "vpn:1")).task
        let user = cluster.proposal(.web, image: "app:1", network: TaskNetwork(of: .db))
        #expect(try cluster.schedule(user).task.node == .w1)
        try cluster.join(.w2, runtimes: ["docker"])
        try cluster.stop(first.id)
        try cluster.report([cluster.report(first.id, .stopped)], from: .w1)
        #expect(try cluster.schedule(cluster.proposal(.db, attempt: 1, image: "vpn:2")).task.node == .w1)
        // A second one finds its node free of users only when they have ended.
        try cluster.stop(user.id)
        try cluster.report([cluster.report(user.id, .stopped)], from: .w1)
        #expect(try cluster.schedule(cluster.proposal(.db, ordinal: 1, image: "vpn:2")).task.node == .w2)
    }

    @Test func `A registration with too many or too long allowances is refused`() throws {
        var cluster = TestCluster()
        try cluster.join(.w1)
        var worker = try #require(cluster.state.records.nodes[.w1]).worker
        worker.allowances = NodeAllowances(
            capabilities: Array(repeating: "A", count: TextBounds.allowances + 1),
            devices: [String(repeating: "d", count: TextBounds.address + 1)])
        #expect(worker.problems.map(\.field) == ["allowances.capabilities", "allowances.devices"])
    }
}

struct MountAllowanceTests {
    private func path(_ text: String) -> NodePath { NodePath(text)! }

    private func refusal(
        of mount: String, allowed: [String], readOnly: [String] = [], protected: [String] = [], isReadOnly: Bool = false
    ) -> String? {
        MountAllowance(
            allowed: allowed.map { (path($0), false) } + readOnly.map { (path($0), true) },
            protected: protected.map(path)
        ).refusal(of: path(mount), declared: mount, isReadOnly: isReadOnly)
    }

    @Test func `A link that leads out of an allowed directory is refused with the path that it leads to`() {
        let rule = MountAllowance(allowed: [(path("/srv"), false)], protected: [])
        #expect(
            rule.refusal(of: path("/etc/shadow"), declared: "/srv/link", isReadOnly: true)
                == "this node does not allow a read-only mount of /srv/link, which leads to /etc/shadow; start its worker "
                + "with --allow-mount /srv/link:ro")
        #expect(rule.refusal(of: path("/srv/web"), declared: "/srv/link", isReadOnly: false) == nil)
    }

    @Test func `A protected path that is allowed read-only is not exposed by a mount that can be written to`() {
        func mount(readOnly: Bool) -> String? {
            refusal(
                of: "/var/lib", allowed: ["/var/lib"], readOnly: ["/var/lib/cube"], protected: ["/var/lib/cube"],
                isReadOnly: readOnly)
        }
        #expect(mount(readOnly: false)?.contains("would expose /var/lib/cube") == true)
        #expect(mount(readOnly: true) == nil)
    }

    @Test func `A directory that is allowed read-only is mounted only read-only`() {
        #expect(refusal(of: "/srv/a", allowed: [], readOnly: ["/srv"], isReadOnly: true) == nil)
        #expect(refusal(of: "/srv/a", allowed: [], readOnly: ["/srv"]) != nil)
    }

    @Test func `A mount of, above or below a protected path is refused unless that path itself is allowed`() {
        let socket = ["/run/docker.sock"]
        #expect(refusal(of: "/run", allowed: ["/run"], protected: socket)?.contains("/run/docker.sock") == true)
        #expect(refusal(of: "/", allowed: ["/"], protected: socket) != nil)
        #expect(refusal(of: "/run/docker.sock", allowed: ["/run"], protected: socket) != nil)
        #expect(refusal(of: "/run/docker.sock", allowed: ["/run/docker.sock"], protected: socket) == nil)
        #expect(refusal(of: "/run", allowed: ["/run", "/run/docker.sock"], protected: socket) == nil)
        #expect(refusal(of: "/run/web", allowed: ["/run"], protected: socket) == nil)
        let data = ["/srv/cube"]
        #expect(refusal(of: "/srv/cube/tokens", allowed: ["/srv"], protected: data) != nil)
        #expect(refusal(of: "/srv/cube/tokens", allowed: ["/srv/cube"], protected: data) == nil)
        #expect(refusal(of: "/srv/cube/tokens", allowed: ["/srv/cube/tokens"], protected: data) == nil)
        #expect(refusal(of: "/srv/cube", allowed: ["/srv", "/srv/cube/tokens"], protected: data) != nil)
    }
}
