import CubeCore
import CubeTypes
import Testing

struct GuardWindowTests {
    private static let now = PlanningWorld.start
    private static let limits = GuardLimits()
    private static let name = WorkloadName(rawValue: "web")!

    @Test func `a prune that was let through long ago counts from when it stops something`() {
        var window = GuardWindow()
        window.release(Self.name, at: Self.now, approved: false)
        window.stopped(Self.name, at: Self.now + .seconds(500))
        window.expire(at: Self.now + .seconds(601), Self.limits)
        #expect(window.left(of: 30, Self.limits) == 2)
        window.expire(at: Self.now + .seconds(1100), Self.limits)
        #expect(window.left(of: 30, Self.limits) == 3)
    }

    @Test func `what nobody let through is not counted`() {
        var window = GuardWindow()
        window.stopped(Self.name, at: Self.now)
        #expect(window.left(of: 30, Self.limits) == 3)
    }
}
