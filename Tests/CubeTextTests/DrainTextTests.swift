import CubeCore
import CubeText
import CubeTypes
import Testing

/// What `cube node drain` prints.
@Suite struct DrainTextTests {
    private func task(
        _ name: WorkloadName, _ step: DrainStep, to: NodeName? = nil, reason: TaskReason? = nil, message: String? = nil
    ) -> DrainedTask {
        DrainedTask(
            id: .derive(
                cluster: ClusterID(rawValue: "11111111-1111-4111-8111-111111111111")!, owner: .default, name: name,
                ordinal: 0, attempt: 0, digest: .sha256(of: "")),
            owner: .default, name: name, ordinal: 0, state: step == .stopping ? .stopping : .running, step: step,
            to: to,
            reason: reason, message: message)
    }

    private func drain(
        _ tasks: [DrainedTask], state: WorkerState = .draining, isDraining: Bool = true, isDone: Bool = false
    ) -> NodeDrain {
        NodeDrain(node: "w1", state: state, draining: isDraining, done: isDone, tasks: tasks, revision: 1)
    }

    private var web: DrainedTask { task("web", .moves, to: "w2") }
    private var pg: DrainedTask {
        task("pg", .stays, reason: .volumeUnavailable, message: "volume pgdata is on node w1, which is draining")
    }

    @Test func `a drain is a table of what moves, what stops and what stays`() {
        #expect(
            DrainText(drain([web, pg, task("old", .stopping, to: "w2")])).lines.map(\.text) == [
                "node w1 is being drained; 3 tasks are left on it, 1 of which stays for now", "",
                "TASK   OWNER    STATE     STEP      TO  WHY",
                "web/0  default  running   moves     w2",
                "pg/0   default  running   stays     -   volume pgdata is on node w1, which is draining (volume_unavailable)",
                "old/0  default  stopping  stopping  w2",
            ])
    }

    @Test func `a forecast counts what would move`() {
        #expect(
            DrainText(drain([web], state: .ready, isDraining: false)).heading.text
                == "a drain of node w1 would move 1 task")
        #expect(
            DrainText(drain([web, pg], state: .silent, isDraining: false)).heading.text
                == "a drain of node w1 would move 1 task, and leave 1 where it is; it is silent")
        #expect(DrainText(drain([], isDone: true)).lines.map(\.text) == ["node w1 is drained"])
    }

    @Test func `the progress is what changed`() {
        let first = drain([web, pg])
        #expect(
            DrainText(first).news(since: nil).map(\.text) == [
                "web/0 moves to node w2",
                "pg/0 stays: volume pgdata is on node w1, which is draining (volume_unavailable)",
            ])
        #expect(DrainText(first).news(since: first).isEmpty)
        let stopping = drain([task("web", .stopping), pg])
        #expect(DrainText(stopping).news(since: first).map(\.text) == ["web/0 is stopping"])
        #expect(DrainText(drain([pg])).news(since: stopping).map(\.text) == ["web/0 has left"])
    }
}
