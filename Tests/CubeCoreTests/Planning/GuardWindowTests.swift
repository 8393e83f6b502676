import CubeCore
import CubeTypes
import Testing

struct GuardWindowTests {
    private static let limits = GuardLimits()
    private static let name = WorkloadName(rawValue: "web")!

    /// An instant of one boot of a machine, whose wall clock may have been set.
    private static func moment(_ seconds: Int, shift: Int = 0, boot: String = "one") -> DurableInstant {
        DurableInstant(
            boot: boot, uptime: .seconds(1000 + seconds), wall: PlanningWorld.start + .seconds(seconds + shift))
    }

    /// The number of names that may still be pruned at an instant, of thirty, after one was pruned at the beginning.
    private static func left(at moment: DurableInstant) -> Int {
        var window = GuardWindow()
        window.prune(name, at: Self.moment(0), approved: false, revision: 1)
        window.expire(at: moment, limits, revision: 1)
        return window.left(of: 30, limits)
    }

    @Test func `a pruned name counts from the last stop of one of its tasks`() {
        var window = GuardWindow()
        window.prune(Self.name, at: Self.moment(0), approved: false, revision: 1)
        window.prune(Self.name, at: Self.moment(500), approved: false, revision: 1)
        window.expire(at: Self.moment(601), Self.limits, revision: 1)
        #expect(window.left(of: 30, Self.limits) == 2)
        #expect(window.untilDue(at: Self.moment(1100), Self.limits) == .zero)
        #expect(window.untilDue(at: Self.moment(1099), Self.limits) == .seconds(1))
        window.expire(at: Self.moment(1100), Self.limits, revision: 1)
        #expect(window.left(of: 30, Self.limits) == 3)
    }

    @Test func `an approved prune does not count, but a counted prune still counts after an approval`() {
        var window = GuardWindow()
        window.prune(Self.name, at: Self.moment(0), approved: true, revision: 1)
        #expect(window.left(of: 30, Self.limits) == 3 && window.hasReleased(Self.name))
        window.returned(Self.name, revision: 1)
        window.prune(Self.name, at: Self.moment(1), approved: false, revision: 1)
        window.returned(Self.name, revision: 1)
        window.prune(Self.name, at: Self.moment(2), approved: true, revision: 1)
        #expect(window.left(of: 30, Self.limits) == 2)
    }

    @Test func `a name that is declared again still counts, and permits no further stop`() {
        var window = GuardWindow()
        window.prune(Self.name, at: Self.moment(0), approved: false, revision: 1)
        window.returned(Self.name, revision: 1)
        #expect(!window.hasReleased(Self.name) && window.left(of: 30, Self.limits) == 2)
    }

    @Test(arguments: [-7200, -1, 0, 1, 7200])
    func `setting the wall clock neither ends nor extends a window`(shift: Int) {
        #expect(Self.left(at: Self.moment(599, shift: shift)) == 2)
        #expect(Self.left(at: Self.moment(600, shift: shift)) == 3)
    }

    @Test func `after a reboot, the wall clock applies, and a prune in the future counts as one made now`() {
        #expect(Self.left(at: Self.moment(599, boot: "two")) == 2)
        #expect(Self.left(at: Self.moment(600, boot: "two")) == 3)
        var window = GuardWindow()
        window.prune(Self.name, at: Self.moment(0), approved: false, revision: 1)
        let reboot = Self.moment(60, shift: -7200, boot: "two")
        #expect(window.untilDue(at: reboot, Self.limits) == .zero)
        window.expire(at: reboot, Self.limits, revision: 1)
        #expect(window.left(of: 30, Self.limits) == 2 && window.untilDue(at: reboot, Self.limits) == .seconds(600))
        window.expire(at: Self.moment(660, shift: -7200, boot: "two"), Self.limits, revision: 1)
        #expect(window.left(of: 30, Self.limits) == 3)
    }
}
