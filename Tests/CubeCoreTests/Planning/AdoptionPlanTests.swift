import CubeCore
import CubeTypes
import HashTreeCollections
import Testing

/// The tasks that `adopt` takes over, and the number of live tasks afterwards.
struct AdoptionPlanTests {
    private let key = DigestKey(bytes: (0..<32).map { _ in 7 })

    /// Tasks of a real cluster, as a manager lists them.
    private func tasks(_ count: Int, stopped: Int = 0) -> [TaskStatus] {
        var world = PlanningWorld()
        world.write("web.json", Workload("web", replicas: count))
        world.read()
        world.settle()
        let tasks = world.cluster.records.tasks.values.map(\.status).sorted { $0.ordinal < $1.ordinal }
        return tasks.enumerated().map { index, task in
            var task = task
            if index < stopped { task.state = .stopped }
            return task
        }
    }

    private func declared(_ replicas: Int, _ digest: Digest?) -> WorkloadStatus {
        WorkloadStatus(
            name: WorkloadName(rawValue: "web")!, sync: .outOfSync, health: .missing,
            replicas: WorkloadStatus.Replicas(desired: replicas, live: 0, ready: 0), desiredDigest: digest)
    }

    @Test func `only live tasks are adopted, and an adoption without any is refused`() throws {
        let plan = try AdoptionPlan(candidates: tasks(3, stopped: 1), own: [], declared: nil)
        #expect(plan.tasks.map(\.ordinal) == [1, 2] && plan.maxLive == 2)
        #expect(throws: AdoptionPlan.Refusal.nothingToAdopt) {
            try AdoptionPlan(candidates: tasks(2, stopped: 2), own: [], declared: nil)
        }
        var stopping = tasks(1)
        stopping[0].state = .stopping
        #expect(throws: AdoptionPlan.Refusal.nothingToAdopt) {
            try AdoptionPlan(candidates: stopping, own: [], declared: nil)
        }
    }

    @Test func `an adoption may not exceed the declared replicas; without a manifest, all live tasks are adopted`()
        throws
    {
        let digest = try #require(tasks(1).first).specDigest
        #expect(try AdoptionPlan(candidates: tasks(2), own: tasks(1), declared: declared(3, digest)).maxLive == 3)
        #expect(throws: AdoptionPlan.Refusal.tooMany(live: 2, wanted: 3, more: 2)) {
            try AdoptionPlan(candidates: tasks(2), own: tasks(2), declared: declared(3, digest))
        }
        #expect(
            try AdoptionPlan(candidates: tasks(2), own: tasks(3, stopped: 1), declared: declared(0, nil)).maxLive == 4)
        #expect(try AdoptionPlan(candidates: tasks(2), own: tasks(2), declared: nil).maxLive == 4)
    }

    @Test func `an adopted task that matches its manifest runs on, even if digests are keyed`() throws {
        let key = try #require(key)
        let task = try #require(tasks(1).first)
        let other = try #require(Digest(rawValue: "sha256:" + String(repeating: "0", count: 64)))
        func fate(_ digest: Digest?, _ key: DigestKey?) throws -> AdoptionPlan.Fate {
            try AdoptionPlan(candidates: [task], own: [], declared: declared(1, digest)).fate(of: task, digestKey: key)
        }
        #expect(try fate(task.specDigest, nil) == .runsOn)
        #expect(try fate(key.keyed(task.specDigest), key) == .runsOn)
        #expect(try fate(other, key) == .isReplaced)
        #expect(try fate(nil, key) == .isHeld)
    }
}
