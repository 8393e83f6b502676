import CubeCore
import CubeTypes
import Testing

@testable import cube

/// Tests how a task is named on the command line.
@Suite struct TaskSubjectTests {
    private func task(_ id: String, _ name: String, attempt: Int, _ state: TaskState = .running) throws -> TaskStatus {
        let definition = TaskDefinition(name: try #require(WorkloadName(rawValue: name)), command: ["x"])
        return TaskStatus(
            id: try #require(TaskID(rawValue: "\(id)-0000-5000-8000-000000000000")), owner: .default,
            name: definition.name, ordinal: 0, attempt: attempt, state: state, ready: true,
            specDigest: try #require(Digest(rawValue: "sha256:" + String(repeating: "a", count: 64))),
            settingsDigest: definition.settingsDigest, createdAt: .now, createdRevision: 1, revision: 1,
            definition: definition)
    }

    private func found(_ argument: String, in tasks: [TaskStatus]) throws -> Int {
        try TaskSubject.parse(argument).choose(from: tasks).attempt
    }

    @Test func `a slot selects its live task, or otherwise its last task`() throws {
        let ended = [
            try task("aaaa0001", "web", attempt: 2, .failed), try task("aaaa0002", "web", attempt: 1, .completed),
        ]
        #expect(try found("web/0", in: ended) == 2)
        #expect(try found("web/0", in: ended + [try task("aaaa0003", "web", attempt: 0)]) == 0)
        #expect(throws: Failure.self) { try found("web/1", in: ended) }
        #expect(throws: Failure.self) { try found("api/0", in: ended) }
    }

    @Test func `an id prefix selects the only task that matches`() throws {
        let tasks = [try task("abcd0001", "web", attempt: 1, .stopped), try task("abcd0002", "api", attempt: 2)]
        #expect(try found("abcd0002-0", in: tasks) == 2)
        #expect(try found(tasks[0].id.rawValue, in: tasks) == 1)
        let error = #expect(throws: Failure.self) { try found("abcd", in: tasks) }
        #expect(
            error?.message == "abcd matches 2 tasks: abcd0001-0000-5000-8000-000000000000 (web/0, stopped), "
                + "abcd0002-0000-5000-8000-000000000000 (api/0, running)")
    }

    @Test func `if only one other owner has the task, the hint names the command for that owner`() throws {
        func chosen(_ owners: OwnerName...) throws -> OwnerName {
            var tasks: [TaskStatus] = []
            for (index, owner) in owners.enumerated() {
                tasks.append(try self.task("aaaa000\(index)", "one", attempt: 0))
                tasks[index].owner = owner
            }
            return try TaskSubject.parse("one/0").choose(from: tasks, of: .default) { "`cube task stop \($0)`" }.owner
        }
        let other = #expect(throws: Failure.self) { try chosen(.manual) }
        #expect(other?.message == "owner default has no task one/0")
        #expect(other?.hint == "owner manual has such a task: `cube task stop one/0 --owner manual`")
        #expect(try chosen(.manual, .default) == .default)
        let none = #expect(throws: Failure.self) { try chosen() }
        #expect(none?.hint == "`cube task list --all` lists all tasks")
        let several = #expect(throws: Failure.self) { try chosen(.manual, "shop") }
        #expect(several?.hint == "`cube task list --all` lists all tasks")
    }

    @Test(arguments: ["", "abc", "ABCD", "web", "web/", "web/x", "/0", "web/0/1"])
    func `an argument that cannot name a task is refused`(argument: String) {
        #expect(throws: (any Error).self) { try TaskSubject.parse(argument) }
    }
}
