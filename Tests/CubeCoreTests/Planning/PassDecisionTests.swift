import CubeCore
import CubeErrors
import CubeTypes
import Testing

/// When a reconciler makes a pass, and what the pass may do.
struct PassDecisionTests {
    private let away = APIError(.unavailable, "the manager is away")
    private let start = Timestamp(milliseconds: 1_000_000)

    @Test func `a pass decides once the manifests were read and the manager has answered or is unreachable`() {
        var contact = ClusterContact(observesOnly: false)
        #expect(!contact.canJudge(knowsSource: true, knowsCluster: false))
        #expect(!contact.canJudge(knowsSource: true, knowsCluster: true), "the lease is pending")
        #expect(contact.answered(.held(fence: 3)) == true)
        #expect(!contact.canJudge(knowsSource: true, knowsCluster: false))
        #expect(!contact.canJudge(knowsSource: false, knowsCluster: true))
        #expect(contact.canJudge(knowsSource: true, knowsCluster: true))

        var blind = ClusterContact(observesOnly: false)
        #expect(blind.failed(away) == true)
        #expect(blind.canJudge(knowsSource: true, knowsCluster: false))
        #expect(!blind.canJudge(knowsSource: false, knowsCluster: false))

        let observer = ClusterContact(observesOnly: true)
        #expect(observer.canJudge(knowsSource: true, knowsCluster: true))
        #expect(!observer.canJudge(knowsSource: true, knowsCluster: false))
    }

    @Test func `only a reconciler that holds the lease and sees the manager may write`() {
        var contact = ClusterContact(observesOnly: false)
        #expect(
            contact.access
                == .watching(reason: "lease_pending", message: "this reconciler does not hold the owner's lease yet"))
        #expect(contact.fence == nil)
        _ = contact.answered(.refused(APIError(.leaseHeld, "another one has it")))
        #expect(contact.access == .watching(reason: "lease_held", message: "another one has it"))
        _ = contact.answered(.held(fence: 3))
        #expect(contact.access == .writing && contact.fence == 3)
        _ = contact.failed(away)
        #expect(contact.access == .blind(reason: "unavailable", message: "the manager is away"))
        contact.listed()
        #expect(contact.access == .writing)
        var observer = ClusterContact(observesOnly: true)
        _ = observer.answered(.held(fence: 3))
        #expect(observer.access == .observing)
    }

    @Test func `an outage or a lease with another message is not a change`() {
        var contact = ClusterContact(observesOnly: false)
        #expect(contact.failed(away) == true)
        #expect(contact.failed(APIError(.unavailable, "connection refused")) == false)
        #expect(contact.failed(APIError(.foreignCluster, "another cluster")) == true)
        contact.listed()
        #expect(contact.failed(APIError(.foreignCluster, "another cluster")) == true)
        #expect(contact.answered(.refused(APIError(.leaseHeld, "a has it"))) == true)
        #expect(contact.answered(.refused(APIError(.leaseHeld, "b has it"))) == false)
        #expect(contact.lease == .refused(APIError(.leaseHeld, "b has it")))
        #expect(contact.answered(.held(fence: 1)) == true)
        #expect(contact.answered(.held(fence: 1)) == false)
        #expect(contact.answered(.held(fence: 2)) == true)
    }

    @Test func `a request to read the source is heeded once, and only by the source that it names`() throws {
        let source = try #require(SourceID(rawValue: "22222222-2222-4222-8222-222222222222"))
        var looks = LookRequests(for: source)
        func look(_ revision: Int, at subject: String? = nil, _ verb: Directive.Verb = .look) -> Directive {
            Directive(verb: verb, subject: subject ?? source.rawValue, revision: revision)
        }
        #expect(looks.heed([]) == false)
        #expect(looks.heed([look(5, at: "other"), look(6, .retry)]) == false)
        #expect(looks.heed([look(5), look(7)]) == true)
        #expect(looks.heed([look(7), look(5)]) == false)
        #expect(looks.heed([]) == false)
        #expect(looks.heed([look(8)]) == true)
    }

    @Test func `a pass is due when the plan requests it, and soon after a plan that could not be recorded`() {
        var schedule = PassSchedule(rescan: .seconds(60), at: start)
        #expect(schedule.sleep(at: start) == nil && !schedule.isDue(at: start))
        schedule.planned(wakeAt: start + .seconds(30), isRecorded: true, at: start)
        #expect(schedule.sleep(at: start) == .seconds(30))
        #expect(!schedule.isDue(at: start + .seconds(29)) && schedule.isDue(at: start + .seconds(30)))
        #expect(schedule.sleep(at: start + .seconds(40)) == .milliseconds(50), "passes do not spin")
        schedule.planned(wakeAt: start + .seconds(30), isRecorded: false, at: start)
        #expect(schedule.sleep(at: start) == .seconds(5))
        schedule.planned(wakeAt: nil, isRecorded: true, at: start)
        #expect(schedule.sleep(at: start) == nil)
        schedule.mustPass(at: start)
        #expect(schedule.isDue(at: start))
    }

    @Test func `changes accumulate after a long decision, and hardly after a short one`() {
        #expect(PassSchedule.rest(afterDeciding: .zero) == .zero)
        #expect(PassSchedule.rest(afterDeciding: .milliseconds(5)) == .milliseconds(20))
        #expect(PassSchedule.rest(afterDeciding: .seconds(2)) == .milliseconds(100))
    }

    @Test func `a rescan leads to one full pass, unless the last one was less than half an interval ago`() {
        var schedule = PassSchedule(rescan: .seconds(60), at: start)
        schedule.rescanned(at: start + .seconds(29))
        #expect(schedule.takeFullPass(at: start + .seconds(29)) == false)
        schedule.rescanned(at: start + .seconds(30))
        #expect(schedule.takeFullPass(at: start + .seconds(31)) == true)
        #expect(schedule.takeFullPass(at: start + .seconds(31)) == false)
        schedule.rescanned(at: start + .seconds(60))
        #expect(schedule.takeFullPass(at: start + .seconds(60)) == false)
        schedule.rescanned(at: start + .seconds(61))
        #expect(schedule.takeFullPass(at: start + .seconds(61)) == true)
    }

    @Test func `a plan that could not be recorded is decided again if it stops tasks, and then holds the stops`() {
        var world = PlanningWorld()
        for name in ["web", "old"] { world.write("\(name).json", Workload(name)) }
        world.read()
        world.settle()
        world.files["old.json"] = nil
        world.readTwice()
        let plan = world.planner.pass(now: world.now)
        #expect(plan.actions.contains { $0.verb == .stop })
        #expect(!plan.needsSecondPass(isRecorded: true))
        #expect(plan.needsSecondPass(isRecorded: false))
        world.planner.isStorageWritable = false
        let second = world.planner.pass(now: world.now)
        #expect(!second.needsSecondPass(isRecorded: false))
    }
}
