import CubeTypes
import Testing

@testable import CubeCore

struct EndTextTests {
    @Test(
        arguments: [
            (TaskResult(code: 3, at: Timestamp(milliseconds: 0)), " with exit code 3"),
            (TaskResult(code: nil, signal: 9, at: Timestamp(milliseconds: 0)), " with signal 9"),
            (
                TaskResult(code: nil, signal: 9, oom: true, at: Timestamp(milliseconds: 0)),
                " with signal 9, out of memory"
            ),
            (TaskResult(code: nil, at: Timestamp(milliseconds: 0)), ""),
        ])
    func `The reason of an unhealthy workload says how its task ended, also that memory ran out`(
        exit: TaskResult, text: String
    ) throws {
        var world = PlanningWorld()
        world.write("web.json", Workload("web"))
        world.read()
        world.settle()
        var task = try #require(world.live("web").first)
        (task.exit, task.message) = (exit, exit.summary + "\nthe last line of its output")
        #expect(task.endText == text)
        task.message = "its program does not exist"
        #expect(task.endText == ": its program does not exist")
    }
}
