import CubeText
import CubeTypes
import Testing

/// What `cube top` shows, from two measurements.
@Suite struct UsageTests {
    private let node = NodeName(rawValue: "w1")!

    private func task(
        _ name: String, run: Int = 1, cpu: Double, memory: Int, limit: Int? = nil, network: Int? = nil,
        owner: OwnerName = .default
    ) -> TaskMetrics {
        TaskMetrics(
            id: TaskID(rawValue: "00000000-0000-5000-8000-0000000000\(name)0")!, owner: owner,
            name: WorkloadName(rawValue: name)!, ordinal: 0, run: run, processes: 1, cpuSeconds: cpu,
            memoryBytes: memory, memoryLimitBytes: limit, diskReadBytes: 4096, diskWrittenBytes: network,
            networkReceivedBytes: network, networkSentBytes: network)
    }

    private func metrics(_ milliseconds: Int64, cpu: Double, _ tasks: [TaskMetrics]) -> WorkerMetrics {
        WorkerMetrics(
            at: Timestamp(milliseconds: milliseconds), cores: 4, load: 1, cpuSeconds: cpu, memoryTotalBytes: 8 << 30,
            memoryAvailableBytes: 6 << 30, diskTotalBytes: 0, diskAvailableBytes: 0,
            diskReadBytes: Int(milliseconds) * 1024, diskWrittenBytes: 0, networkReceivedBytes: 0, networkSentBytes: 0,
            uptimeSeconds: 9, tasks: tasks)
    }

    @Test func `rates are the differences of two measurements per second, and the busiest task comes first`() {
        let before = metrics(
            10_000, cpu: 100, [task("a", cpu: 5, memory: 1), task("b", cpu: 1, memory: 1, network: 0)])
        let now = metrics(
            12_000, cpu: 105,
            [
                task("a", cpu: 5.5, memory: 7 << 19), task("b", cpu: 4, memory: 2 << 20, limit: 8 << 20, network: 6144),
            ])
        var picture = UsagePicture([node: now], before: [node: before])
        picture.sort(by: .cpu)
        #expect(
            picture.taskTable.lines().map(\.text) == [
                "TASK  NODE  CPU   MEMORY            RECEIVED/s  SENT/s   READ/s  WRITTEN/s",
                "b/0   w1    1.50  2.0 MiB of 8 MiB  3.0 KiB     3.0 KiB  0 B     3.0 KiB",
                "a/0   w1    0.25  3.5 MiB           -           -        0 B     -",
            ])
        #expect(
            picture.nodeTable.lines().map(\.text) == [
                "NODE  TASKS  CPU        MEMORY            RECEIVED/s  SENT/s  READ/s    WRITTEN/s",
                "w1    2      2.50 of 4  2.0 GiB of 8 GiB  0 B         0 B     1000 KiB  0 B",
            ])
        picture.sort(by: .memory)
        #expect(picture.tasks.map(\.name.rawValue) == ["a", "b"])
    }

    @Test func `a task has no rates if it started again, or if there is no earlier measurement`() {
        let before = metrics(10_000, cpu: 1, [task("a", run: 1, cpu: 5, memory: 1)])
        let now = metrics(12_000, cpu: 2, [task("a", run: 2, cpu: 6, memory: 1), task("b", cpu: 6, memory: 1)])
        let picture = UsagePicture([node: now], before: [node: before])
        #expect(picture.tasks.map(\.cpu) == [nil, nil])
        #expect(UsagePicture([node: now], before: [:]).nodes.map(\.cpu) == [nil])
    }

    @Test func `nothing is shown that a clock which was set back would distort`() {
        let before = metrics(12_000, cpu: 1, [task("a", cpu: 5, memory: 1)])
        let now = metrics(11_000, cpu: 2, [task("a", cpu: 6, memory: 1)])
        let picture = UsagePicture([node: now], before: [node: before])
        #expect(picture.tasks.map(\.cpu) == [nil] && picture.nodes.map(\.cpu) == [nil])
    }

    @Test func `a figure beyond all numbers is not shown`() {
        let before = metrics(10_000, cpu: 0, [task("a", cpu: 0, memory: 1, network: .min)])
        let now = metrics(10_001, cpu: 1e300, [task("a", cpu: 1e300, memory: 1, network: .max)])
        let picture = UsagePicture([node: now], before: [node: before])
        #expect(
            picture.taskTable.lines().map(\.text) == [
                "TASK  NODE  CPU  MEMORY  RECEIVED/s  SENT/s  READ/s  WRITTEN/s",
                "a/0   w1    -    1 B     -           -       0 B     -",
            ])
        #expect(picture.nodeTable.lines()[1].text.hasPrefix("w1    1      -    "))
    }

    @Test func `the table names the owners if there are several`() {
        let now = metrics(
            1, cpu: 1, [task("a", cpu: 5, memory: 1), task("b", cpu: 5, memory: 1, owner: .manual)])
        #expect(UsagePicture([node: now], before: [:]).taskTable.headings[1] == "OWNER")
    }
}
