import CubeTesting
import CubeTypes
import Testing

@testable import CubeCore

struct ObservedWorkloadTests {
    private static func task(_ id: Int, ordinal: Int, attempt: Int, _ state: TaskState) -> TaskStatus {
        let digits = String(String(id + 0x1000, radix: 16).dropFirst())
        let definition = TaskDefinition(name: "web", command: ["true"])
        return TaskStatus(
            id: TaskID(rawValue: "00000000-0000-4000-8000-000000000\(digits)")!,
            owner: .default, name: "web", ordinal: ordinal, attempt: attempt, state: state,
            specDigest: definition.specDigest, settingsDigest: definition.settingsDigest,
            createdAt: PlanningWorld.start, createdRevision: 1, revision: 1, definition: definition)
    }

    @Test func `however tasks come, change and go, the live ones are in order`() {
        var random = SeededGenerator()
        let note = Comment(rawValue: "CUBE_SEED=\(random.seed)")
        for _ in 0..<50 {
            var workload = ObservedWorkload()
            var expected: [TaskID: TaskStatus] = [:]
            for _ in 0..<100 {
                let task = Self.task(
                    Int.random(in: 0..<12, using: &random), ordinal: Int.random(in: 0..<4, using: &random),
                    attempt: Int.random(in: 0..<3, using: &random),
                    [.pending, .running, .stopped].randomElement(using: &random)!)
                if Int.random(in: 0..<4, using: &random) == 0 {
                    workload.remove(task.id)
                    expected[task.id] = nil
                } else {
                    workload.put(task)
                    expected[task.id] = task
                }
                #expect(workload.tasks == expected && workload.isEmpty == expected.isEmpty, note)
                let live = expected.values.filter { !$0.state.hasEnded }.sorted {
                    ($0.ordinal, $0.attempt, $0.id) < ($1.ordinal, $1.attempt, $1.id)
                }
                #expect(workload.live == live && workload.lives == !live.isEmpty, note)
            }
        }
    }
}
