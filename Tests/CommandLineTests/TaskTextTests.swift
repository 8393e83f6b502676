import ArgumentParser
import CubeCore
import CubeText
import CubeTypes
import Testing

@testable import cube

/// Tests what commands conclude from the tasks that a manager knows, and what they print about them.
@Suite struct TaskTextTests {
    private func task(_ state: TaskState, _ ordinal: Int = 0, owner: OwnerName = .default) throws -> TaskStatus {
        let definition = TaskDefinition(name: "web", command: ["x"])
        return TaskStatus(
            id: try #require(TaskID(rawValue: "00000000-000\(ordinal)-5000-8000-000000000000")), owner: owner,
            name: "web", ordinal: ordinal, attempt: 0, state: state, ready: true,
            specDigest: try #require(Digest(rawValue: "sha256:" + String(repeating: "a", count: 64))),
            settingsDigest: definition.settingsDigest, createdAt: .now, createdRevision: 1, revision: 1,
            definition: definition)
    }

    @Test func `a stop announces a new task only in case a manifest declares the workload`() throws {
        let manager = try ConnectionOptions.parse([])
        func lines(_ task: TaskStatus) -> [String] {
            TaskCommand.Stop.lines(on: task, command: manager.command).map(\.text)
        }
        let stopping = lines(try task(.stopping))
        let sentence = "If a manifest declares web, the reconciler starts a new task; `cube suspend web` prevents this."
        #expect(stopping == ["web/0 is stopping.", sentence])
        #expect(lines(try task(.stopping, owner: "shop")).last?.contains("`cube suspend web --owner shop`") == true)
        let completed = lines(try task(.completed))
        #expect(completed == ["web/0 is completed."])
        let single = lines(try task(.stopping, owner: .manual))
        #expect(single == ["web/0 is stopping."])
    }

    @Test func `down names the other owners whose tasks keep running, and the commands that stop them`() throws {
        let tasks = [
            try task(.running, 0, owner: "shop"), try task(.running, 1, owner: "shop"), try task(.running),
            try task(.running, 0, owner: .manual), try task(.stopped, 1, owner: .manual),
            try task(.scheduled, 2, owner: .manual),
        ]
        let place = try PlaceOptions.parse(["--data-dir", "/srv/my cube"])
        let notes = DownCommand.notes(on: tasks, besides: .default, command: place.command)
        #expect(
            notes.map(\.text) == [
                "1 task of owner manual keeps running; "
                    + "`cube down --owner manual --data-dir '/srv/my cube'` stops it.",
                "2 tasks of owner shop keep running; `cube down --owner shop --data-dir '/srv/my cube'` stops them.",
            ])
    }

    @Test func `a command in a message contains the options that were given, quoted for a shell`() throws {
        let manager = try ConnectionOptions.parse([
            "--manager", "unix:/run/my cube.sock", "--token-file", "token", "--manifests", "m",
        ])
        #expect(
            manager.command("task show web/0")
                == "`cube task show web/0 --manager 'unix:/run/my cube.sock' --token-file token --manifests m`")
        let place = try PlaceOptions.parse(["--manifests", "/tmp/my dir", "--data-dir", "data"])
        #expect(place.command("up") == "`cube up --manifests '/tmp/my dir' --data-dir data`")
        #expect(try PlaceOptions.parse([]).command("up") == "`cube up`")
    }

    @Test func `the help of an option names its default`() {
        let pages: [(any ParsableCommand.Type, String)] = [
            (DownCommand.self, "How long to wait for the tasks to end. (default: 2m)"),
            (RejoinCommand.self, "How long to wait for the tasks to end. (default: 2m)"),
            (ApplyCommand.self, "How long to wait for convergence. (default: 5m)"),
            (InitCommand.self, "Name of the workload. (default: hello)"),
        ]
        for (command, help) in pages {
            let page = CubeCommand.helpMessage(for: command).split(whereSeparator: \.isWhitespace)
            #expect(page.joined(separator: " ").contains(help), "\(command)")
        }
    }
}
