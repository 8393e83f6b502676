import ArgumentParser
import CubeCore
import CubeTypes
import Testing

@testable import cube

/// Tests which task `cube exec` chooses.
@Suite struct ExecSubjectTests {
    private func task(_ ordinal: Int, attempt: Int = 0, _ state: TaskState = .running) throws -> TaskStatus {
        let definition = TaskDefinition(name: "web", command: ["x"])
        return TaskStatus(
            id: try #require(TaskID(rawValue: "0000000\(attempt)-000\(ordinal)-5000-8000-000000000000")),
            owner: .default,
            name: "web", ordinal: ordinal, attempt: attempt, state: state, ready: true,
            message: state == .running ? nil : "no node fits",
            specDigest: try #require(Digest(rawValue: "sha256:" + String(repeating: "a", count: 64))),
            settingsDigest: definition.settingsDigest, createdAt: .now, createdRevision: 1, revision: 1,
            definition: definition)
    }

    private func chosen(_ subject: String, of tasks: [TaskStatus]) throws -> TaskID {
        try LogSubject.parse(subject).running(of: tasks, owner: .default).id
    }

    @Test func `a workload selects its running task with the lowest ordinal, and a slot its own`() throws {
        let tasks = [
            try task(2), try task(0, .pending), try task(1, attempt: 3), try task(1, attempt: 2, .failed),
        ]
        #expect(try chosen("web", of: tasks) == tasks[2].id)
        #expect(try chosen("web/2", of: tasks) == tasks[0].id)
        #expect(try chosen(tasks[0].id.rawValue, of: tasks) == tasks[0].id)
    }

    @Test func `a task that is not running is named with its state and the reason`() throws {
        let waiting = #expect(throws: Failure.self) {
            try chosen("web/0", of: [try task(0, .pending), try task(0, attempt: 1, .failed)])
        }
        #expect(waiting?.message == "web/0 is pending: no node fits")
        let ended = #expect(throws: Failure.self) { try chosen("web", of: [try task(0, .failed)]) }
        #expect(ended?.message.hasPrefix("web/0 is failed") == true)
        let none = #expect(throws: Failure.self) { try chosen("web/7", of: [try task(0)]) }
        #expect(none?.message == "owner default has no task of web/7")
        #expect(none?.hint == "`cube task list` lists the tasks")
    }

    @Test func `a task of another owner is not chosen by its name, but named in the hint`() throws {
        var foreign = try task(0)
        foreign.owner = .manual
        for subject in ["web", "web/0"] {
            let other = #expect(throws: Failure.self) { try chosen(subject, of: [foreign]) }
            #expect(other?.message == "owner default has no task of \(subject)")
            #expect(other?.hint == "owner manual has such a task: add `--owner manual` before `--`")
        }
        #expect(try chosen("web", of: [foreign, try task(1)]) == task(1).id)
        #expect(try chosen(foreign.id.rawValue, of: [foreign]) == foreign.id)
    }

    @Test(arguments: [
        (["exec", "web"], "no command given; write it after --: cube exec web -- sh"),
        (["exec", "web/1", "ls"], "write the command after --: cube exec web/1 -- ls"),
    ])
    func `a command without its separator is a wrong usage that shows the right one`(words: [String], message: String) {
        let error = #expect(throws: (any Error).self) { try CubeCommand.parseAsRoot(words) }
        #expect(error.map { CubeCommand.message(for: $0) } == message)
    }
}
