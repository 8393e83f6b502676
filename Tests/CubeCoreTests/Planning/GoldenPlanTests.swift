import CubeCore
import CubeTypes
import Testing

/// One scenario for each rule of planning. The plans are compared as whole texts.
struct GoldenPlanTests {
    /// The text of a scenario: for each step, a line that describes the event, and the resulting plan.
    struct Story {
        var world = PlanningWorld()
        private(set) var text = ""

        /// Shows the plan without carrying it out.
        mutating func show(_ title: String) { text += "=== \(title)\n\(world.text())\n" }

        /// Shows the plan, carries it out, and lets the worker follow.
        mutating func step(_ title: String) {
            show(title)
            world.step()
            world.work()
            world.look()
        }
    }

    @Test(arguments: Scenario.all)
    func `a scenario yields its recorded plans`(_ scenario: Scenario) throws {
        var story = Story()
        scenario.tell(&story)
        try Golden.compare(story.text, with: scenario.name)
    }
}

struct Scenario: CustomTestStringConvertible, Sendable {
    let name: String
    let tell: @Sendable (inout GoldenPlanTests.Story) -> Void

    init(_ name: String, _ tell: @escaping @Sendable (inout GoldenPlanTests.Story) -> Void) {
        self.name = name
        self.tell = tell
    }

    var testDescription: String { name }

    static let all = updates + rollouts + order + ends + limits + sources + guards
}
