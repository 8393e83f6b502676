import CubeTypes
import Foundation
import Testing

@testable import CubeWorker

@Suite(.timeLimit(.minutes(2)))
struct RunTests {
    @Test(
        arguments: [
            ("exit 0", TaskState.completed, TaskReason.exited, 0, nil as Int?),
            ("exit 7", .failed, .exited, 7, nil),
            ("kill -9 $$", .failed, .signaled, nil, 9),
        ] as [(String, TaskState, TaskReason, Int?, Int?)])
    func `A task reports how its program ended`(
        script: String, state: TaskState, reason: TaskReason, code: Int?, signal: Int?
    ) async throws {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let task = try await worker.ended(worker.assign(.script(script)).id)
                #expect(task.state == state)
                #expect(task.reason == reason)
                #expect(task.exit?.code == code)
                #expect(task.exit?.signal == signal)
                #expect(task.run == 1)
            }
        }
    }

    @Test func `A program that cannot be started fails its task with the reason`() async throws {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let cases: [(String, (inout TaskDefinition) -> Void)] = [
                    ("cannot execute no-such-program", { $0.command = ["no-such-program"] }),
                    ("working_dir /no/such/directory", { $0.workingDirectory = "/no/such/directory" }),
                    ("there is no user \"no-such-user\" on this machine", { $0.user = "no-such-user" }),
                ]
                for (words, change) in cases {
                    let task = try await worker.ended(worker.assign(.script("exit 0", change)).id)
                    #expect(task.reason == .startFailed)
                    #expect(task.message?.contains(words) == true, "\(task.message ?? "")")
                }
            }
        }
    }

    @Test func `A task has its own environment and none of the worker's variables`() async throws {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let assignment = TaskAssignment.script("") {
                    $0.command = ["sh", "-c", "env; pwd; echo \"$1\"", "sh", "$(GREETING) $$(GREETING) $(OTHER)"]
                    $0.env = ["GREETING": "hello"]
                }
                try await worker.assign(assignment)
                let lines = try await worker.output(assignment.id, follow: true).split(separator: "\n")
                let names = Set(lines.filter { $0.contains("=") }.map { String($0.prefix { $0 != "=" }) })
                #expect(
                    names.subtracting(["PWD", "SHLVL", "_", "OLDPWD"]) == [
                        "CUBE_NAME", "CUBE_ORDINAL", "CUBE_OWNER", "CUBE_TASK_ID", "GREETING", "HOME", "LANG", "PATH",
                    ])
                #expect(lines.contains("CUBE_ORDINAL=3"))
                #expect(lines.contains { $0 == "\(world.store.directory(of: assignment.id))/work" })
                #expect(lines.last == "hello $(GREETING) $(OTHER)")
            }
        }
    }

    @Test func `A combining character at the beginning of an argument, variable or message is passed on unchanged`()
        async throws
    {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let assignment = TaskAssignment.script("") {
                    $0.command = [
                        "sh", "-c", "echo \"$1\"; echo \"$2\"; echo $A", "\u{301}", "\u{301}b", "$(A)\u{301}",
                    ]
                    $0.env = ["A": "\u{301}a"]
                }
                try await worker.assign(assignment)
                #expect(try await worker.ended(assignment.id).state == .completed)
                let output = Array(try await worker.output(assignment.id).unicodeScalars)
                #expect(output == Array("\u{301}b\n\u{301}a\u{301}\n\u{301}a\n".unicodeScalars))

                let run = world.runDirectory(assignment.id, run: 2)
                try LocalFiles.makeDirectory(run.path)
                try run.abandon("\u{301} was no program", reserve: world.store.reserve)
                #expect(try run.outcome()?.message == "\u{301} was no program")
            }
        }
    }

    @Test func `When the program ends, all its descendants end too, even in other sessions`() async throws {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let id = try await worker.assign(.script("setsid sh -c 'sleep 1000 & wait' & echo $!; exit 4")).id
                #expect(try await worker.ended(id).exit?.code == 4)
                #expect(try await !isAlive(worker.output(id)))
            }
        }
    }

    @Test func `A stop sends the declared signal and gives the program its grace period`() async throws {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let id = try await worker.assign(
                    .script(
                        "trap 'exit 3' USR1; echo ready; while :; do sleep 0.01; done",
                        stop: StopPolicy(signal: "SIGUSR1", grace: .seconds(60)))
                ).id
                try await worker.output(id, until: "ready")
                #expect(try await worker.stop(id).state == .stopping)
                let task = try await worker.ended(id)
                #expect(task.state == .stopped)
                #expect(task.exit?.code == 3)
            }
        }
    }

    @Test func `A program that exceeds its grace period is killed with all its descendants`() async throws {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let id = try await worker.assign(
                    .script(
                        "trap '' TERM; setsid sleep 1000 & echo $!; echo ready; while :; do sleep 1; done",
                        stop: StopPolicy(grace: .milliseconds(50)))
                ).id
                let child = try await worker.output(id, until: "ready")
                try await worker.stop(id)
                let task = try await worker.ended(id)
                #expect(task.state == .stopped)
                #expect(task.exit?.signal == 9)
                #expect(try !isAlive(child))
            }
        }
    }

    @Test
    func `A failing program is restarted until its restarts are used up, and its last lines of output are the reason`()
        async throws
    {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let id = try await worker.assign(
                    .script(
                        "echo \"run $CUBE_NAME\"; exit 1",
                        restart: RestartPolicy(policy: .always, max: 2, backoff: .milliseconds(1)))
                ).id
                let task = try await worker.ended(id)
                #expect(task.state == .failed)
                #expect(task.reason == .restartsUsedUp)
                #expect(task.restarts == 2)
                #expect(task.run == 3)
                #expect(task.message?.contains("exit code 1") == true)
                #expect(task.message?.hasSuffix("run task\nrun task\nrun task\n") == true)
                #expect(try await worker.output(id) == "run task\nrun task\nrun task\n")
            }
        }
    }

    @Test func `A full disk drops output, but neither blocks nor ends the task`() async throws {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let assignment = TaskAssignment.script("head -c 1000000 /dev/zero; exit 0")
                let log = world.store.logs(of: assignment.id)
                try FileManager.default.createDirectory(atPath: log, withIntermediateDirectories: true)
                try FileManager.default.createSymbolicLink(
                    atPath: log + "/1.log", withDestinationPath: "/dev/full")
                try await worker.assign(assignment)
                #expect(try await worker.ended(assignment.id).state == .completed)
            }
        }
    }

    @Test func `Output continues across file boundaries, and the oldest files are removed`() async throws {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let id = try await worker.assign(
                    .script("yes 'a line of output' | head -c 41999980; echo; echo the end; exit 0")
                ).id
                let followed = try await worker.output(id, follow: true)
                #expect(followed.hasSuffix("\nthe end\n"))
                let numbers = try TaskLog(directory: world.store.logs(of: id)).numbers()
                #expect(numbers.count == TaskLog.files)
                #expect(numbers.first != 1)
                let kept = try await worker.output(id)
                #expect(kept.utf8.count > 2 * TaskLog.fileBytes)
                #expect(kept.hasSuffix("\nthe end\n"))
                #expect(try await worker.output(id, tail: 1) == "the end\n")
                #expect(try await worker.output(id, tail: 3).hasPrefix("a line of output\n"))
                #expect(try await worker.output(id, tail: 0) == "")
                #expect(try await worker.output(id, tail: 10_000_000) == kept)
            }
        }
    }

    @Test func `The resource usage of a task includes all its processes`() async throws {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let id = try await worker.assign(.script("sleep 1000 & setsid sleep 1000 & echo ready; wait")).id
                try await worker.output(id, until: "ready")
                let metrics = try await worker.service.metrics()
                #expect(metrics.memoryTotalBytes > metrics.memoryAvailableBytes)
                #expect(metrics.tasks.map(\.id) == [id])
                #expect(metrics.tasks.first?.processes == 3)
                #expect(metrics.tasks.first?.memoryBytes ?? 0 > 0)
                #expect(metrics.tasks.first?.name == "task" && metrics.tasks.first?.ordinal == 3)
                #expect(metrics.tasks.first?.run == 1 && metrics.tasks.first?.networkSentBytes == nil)
                let status = await worker.service.status()
                #expect(status.id == status.name && status.name.rawValue == "w1" && status.state == .ready)
                #expect(status.metrics?.tasks.map(\.id) == [id] && status.metrics?.at == status.lastSeenAt)
                let task = try #require(status.tasks.first)
                #expect(status.tasks.count == 1 && task.id == id && task.name?.rawValue == "task")
                #expect(task.state == .running && task.ready && task.ordinal == 3 && task.owner == .default)
                try await worker.stop(id)
                _ = try await worker.ended(id)
            }
        }
    }
}
