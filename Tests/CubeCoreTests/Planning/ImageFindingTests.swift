import CubeTypes
import Testing

@testable import CubeCore

struct ImageFindingTests {
    /// Returns a world with two tasks of one image. One of them runs another image than the tag names, if `digests` differ.
    private func plan(digests: [String], movedTo: String? = nil, image: String = "shop:1") -> Plan {
        var world = PlanningWorld()
        world.write("web.json", Workload("web", replicas: digests.count))
        world.read()
        world.settle()
        let changed = zip(world.live("web"), digests).map { task, digest in
            var task = task
            task.definition.image = image
            task.imageDigest = digest
            if task.ordinal == 0 { task.imageMovedTo = movedTo }
            return task
        }
        world.planner.update(
            TaskChanges(term: 1, revision: world.live("web").map(\.revision).max()! + 1000, changed: changed))
        return world.planner.pass(now: world.now)
    }

    private let first = "sha256:" + String(repeating: "a", count: 64)
    private let second = "sha256:" + String(repeating: "b", count: 64)

    @Test func `A moved tag is a finding with both digests, and causes no action`() throws {
        let plan = plan(digests: [first, first], movedTo: second)
        let finding = try #require(plan.findings.first)
        #expect(finding.reason == "image_moved" && finding.subject == "web" && !finding.concernsManifests)
        #expect(
            finding.message
                == "web/0 runs sha256:aaaaaaaaaaaa, but the tag names sha256:bbbbbbbbbbbb now on node w1; a new task would run "
                + "that image")
        #expect(plan.actions.isEmpty && plan.isConverged)
        let status = try #require(plan.reports[WorkloadName(rawValue: "web")!] ?? nil).status
        #expect(status.sync == .synced)
        #expect(status.conditions.first { $0.type == .imageMoved }?.message == finding.message)
    }

    @Test func `Replicas that run different images are a finding`() throws {
        let finding = try #require(plan(digests: [first, second]).findings.first)
        #expect(finding.reason == "images_differ")
        #expect(
            finding.message
                == "web/0 runs sha256:aaaaaaaaaaaa and web/1 runs sha256:bbbbbbbbbbbb, both as shop:1")
    }

    @Test func `A newer image is a finding that says what to do`() throws {
        var world = PlanningWorld()
        world.write("web.json", Workload("web"))
        world.read()
        world.settle()
        let name = WorkloadName(rawValue: "web")!
        // The manifest has no image, so the answer is about an earlier one.
        world.planner.update([name: NewerImage(than: "shop:1", newest: "shop:2")])
        let plan = world.planner.pass(now: world.now)
        #expect(plan.findings.isEmpty && plan.actions.isEmpty)
        let finding = try #require(
            ImageFinding(NewerImage(than: "shop:1", newest: "shop:2"), of: name) { hint in
                hint == .updateImage(name) ? "HINT" : ""
            })
        #expect(finding.reason == "newer_image")
        #expect(
            finding.message
                == "the registry has shop:2, and the manifest names shop:1; `HINT` writes it into the manifest"
        )
    }

    @Test func `Equal images, and images that are pinned by a digest, are no finding`() {
        #expect(plan(digests: [first, first]).findings.isEmpty)
        #expect(plan(digests: [first, second], image: "shop@\(first)").findings.isEmpty)
    }
}
