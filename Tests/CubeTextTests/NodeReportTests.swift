import CubeText
import CubeTypes
import Foundation
import Testing

/// What `cube node list` and `cube node show` print.
@Suite struct NodeReportTests {
    private func info(
        _ name: String, state: WorkerState = .ready, runtimes: [String] = ["process", "docker"],
        labels: [String: String] = [:], allowances: NodeAllowances = .none, message: String? = nil
    ) -> NodeInfo {
        NodeInfo(
            name: NodeName(rawValue: name)!, state: state, url: "http://10.0.0.2:8080", version: "0.1.0",
            runtimes: runtimes, labels: labels, allowances: allowances,
            capacity: ResourceSpec(millicores: 4000, memory: 15 << 29, disk: 100 << 30),
            reserved: ResourceSpec(millicores: 1500, memory: 2 << 30), tasks: 12,
            lastSeenAt: Timestamp(milliseconds: 0), message: message, revision: 3)
    }

    private let used = NodeReport.UsedResources(cpu: 0.416, memory: 300 << 20, disk: 12 << 30)

    @Test func `the figures of a node are what is used, reserved and allocatable`() {
        let table = NodeTable([
            NodeReport(info("one", labels: ["zone": "a", "disk": "fast"]), used: used),
            NodeReport(info("two", state: .silent, message: "no response"), used: nil),
        ])
        #expect(
            table.lines(columns: .max).map(\.text) == [
                "NODE  STATE   TASKS  CPU         MEMORY           DISK          RUNS            LABELS            WHY",
                "one   ready   12     0.42/1.5/4  0.2/2.0/7.5 GiB  12/0/100 GiB  process,docker  disk=fast,zone=a",
                "two   silent  12     -/1.5/4     -/2.0/7.5 GiB    -/0/100 GiB   process,docker                    no response",
                "CPU, MEMORY and DISK: used by the machine / reserved by tasks / allocatable",
            ])
    }

    @Test func `on 80 columns, the rest of a node is below its figures`() {
        let allowances = NodeAllowances(
            capabilities: ["NET_ADMIN"], mounts: [AllowedMount(path: "/srv", readOnly: true)])
        let long = "the worker does not answer; look at its log, and start it again if it has ended, or forget the node"
        let table = NodeTable([
            NodeReport(info("one", labels: ["zone": "a"], allowances: allowances), used: used),
            NodeReport(info("two", state: .silent, runtimes: ["process"], message: long), used: nil),
        ])
        let lines = table.lines(columns: 80)
        #expect(lines.allSatisfy { $0.count <= 80 })
        #expect(
            lines.map(\.text) == [
                "NODE  STATE   TASKS  CPU         MEMORY           DISK",
                "one   ready   12     0.42/1.5/4  0.2/2.0/7.5 GiB  12/0/100 GiB",
                "  runs process,docker; allows NET_ADMIN,/srv:ro; labels zone=a",
                "two   silent  12     -/1.5/4     -/2.0/7.5 GiB    -/0/100 GiB",
                "  runs process",
                "  the worker does not answer; look at its log, and start it again if it has",
                "  ended, or forget the node",
                "CPU, MEMORY and DISK: used by the machine / reserved by tasks / allocatable",
            ])
    }

    @Test func `the JSON of a node has the keys of the API, what is used, and its tasks`() throws {
        func object(_ report: NodeReport) throws -> [String: Any] {
            try #require(JSONSerialization.jsonObject(with: JSONEncoder().encode(report)) as? [String: Any])
        }
        let node = info("one")
        let plain = try #require(JSONSerialization.jsonObject(with: JSONEncoder().encode(node)) as? [String: Any])
        let report = try object(NodeReport(node, used: used, tasks: [task]))
        #expect(Set(report.keys) == Set(plain.keys).union(["used", "placed"]))
        #expect((report["used"] as? [String: Double]) == ["cpu": 0.416, "memory": 314_572_800, "disk": 12_884_901_888])
        #expect(report["tasks"] as? Int == 12)
        let placed = try #require((report["placed"] as? [[String: Any]])?.first)
        #expect(placed["owner"] as? String == "default" && placed["name"] as? String == "web")
        #expect(try object(NodeReport(node, used: nil)).keys.sorted() == plain.keys.sorted())
    }

    private var task: TaskStatus {
        let digest = Digest(rawValue: "sha256:" + String(repeating: "a", count: 64))!
        let web = WorkloadName(rawValue: "web")!
        return TaskStatus(
            id: TaskID(rawValue: "00000000-0000-5000-8000-000000000000")!, owner: .default, name: web, ordinal: 1,
            attempt: 0, state: .running, ready: true, specDigest: digest, settingsDigest: digest,
            node: NodeName(rawValue: "one"), createdAt: Timestamp(milliseconds: 0), createdRevision: 1, revision: 1,
            definition: TaskDefinition(
                name: web, command: ["x"], resources: ResourceSpec(millicores: 500, memory: 128 << 20)))
    }

    @Test func `a node is shown with its facts, its resources and its tasks`() {
        let report = NodeReport(info("one", labels: ["zone": "a"]), used: used, tasks: [task])
        #expect(
            report.lines(now: Timestamp(milliseconds: 65_000)).map(\.text) == [
                "one  ready",
                "  address    http://10.0.0.2:8080",
                "  version    0.1.0",
                "  runs       process, docker",
                "  labels     zone=a",
                "  allows     nothing beyond the safe default",
                "  secrets    unknown",
                "  last seen  1 m ago",
                "",
                "RESOURCE  USED     RESERVED  ALLOCATABLE",
                "cpu       0.42     1.5       4",
                "memory    300 MiB  2.0 GiB   7.5 GiB",
                "disk      12 GiB   0 B       100 GiB",
                "",
                "TASK   OWNER    STATE    READY  RESTARTS  AGE  CPU  MEMORY   DISK  WHY",
                "web/1  default  running  yes    0         1 m  0.5  128 MiB  0 B",
            ])
        #expect(
            NodeReport(info("two"), used: nil, tasks: []).lines(now: Timestamp(milliseconds: 0)).last
                == "no task is on this node")
    }

    @Test(arguments: [
        (0, "0"), (1, "0.001"), (125, "0.125"), (500, "0.5"), (1000, "1"), (2050, "2.05"), (-500, "-0.5"),
    ])
    func `processors are shown as in a manifest`(millicores: Int, text: String) {
        #expect("\(CoreCount(millicores: millicores))" == text)
    }

    @Test func `a number of processors that is no number is not shown`() {
        #expect(CoreCount(.infinity) == nil && CoreCount(.nan) == nil && CoreCount(1e300) == nil)
        #expect(CoreCount(0.999)?.precise == "1.00" && CoreCount(12.344)?.precise == "12.34")
    }
}
