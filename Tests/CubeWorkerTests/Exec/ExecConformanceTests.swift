import CubeCore
import CubeErrors
import CubeTesting
import CubeTypes
import Glibc
import Testing

@testable import CubeWorker

/// Commands beside the program of a task, in every runtime. Without `.ci/with-engines`, only processes are tested.
@Suite(.timeLimit(.minutes(2)))
struct ExecConformanceTests {
    /// Runs a body with a task that is running.
    private func withTask(
        _ runtime: TestRuntime, _ change: (inout TaskDefinition) -> Void = { _ in },
        _ body: (RunningWorker, TaskID) async throws -> Void
    ) async throws {
        try await WorkerWorld.with(runtime) { world in
            let task = runtime.script("sleep 1000", stop: StopPolicy(signal: "SIGKILL"), change)
            try await world.worker(runtime) { worker in
                try await worker.assign(task)
                try await worker.task(task.id, reaches: .running)
                try await body(worker, task.id)
                try await worker.stop(task.id)
                try await worker.ended(task.id)
            }
        }
    }

    private func shell(_ script: String, tty: Bool = false, interactive: Bool = false) -> ExecRequest {
        ExecRequest(command: ["sh", "-c", script], tty: tty, interactive: interactive)
    }

    @Test(arguments: TestRuntime.available)
    func `A command has its exit code and separate streams, and its words and variables are not expanded`(
        runtime: TestRuntime
    ) async throws {
        try await withTask(runtime) {
            $0.env = ["COLOR": "red"]
        } _: { worker, task in
            var request = shell("echo $COLOR $SHAPE $CUBE_NAME \"$0\"; echo no >&2; exit 3")
            request.command.append("$(COLOR)")
            request.env = ["SHAPE": "$(COLOR) round"]
            var command = try await TestCommand(request, in: task, on: worker)
            #expect(try await command.code() == 3)
            #expect(command.text == "red $(COLOR) round task $(COLOR)\n" && command.errorText == "no\n")
            #expect(command.end?.message == nil)
        }
    }

    @Test(arguments: TestRuntime.available)
    func `A command that is killed by a signal has its number in the exit code`(runtime: TestRuntime) async throws {
        try await withTask(runtime) { worker, task in
            var command = try await TestCommand(shell("kill -KILL $$"), in: task, on: worker)
            #expect(try await command.code() == 137)
        }
    }

    @Test(arguments: TestRuntime.available)
    func `A program that does not exist or cannot be executed is named`(runtime: TestRuntime) async throws {
        try await withTask(runtime) { worker, task in
            for (program, code) in [("no-such-program", 127), ("/etc/passwd", 126)] {
                var command = try await TestCommand(ExecRequest(command: [program]), in: task, on: worker)
                #expect(try await command.code() == code)
                #expect(command.end?.message?.contains(program) == true, "\(command.end!)")
                #expect(command.text == "" && command.errorText == "")
            }
        }
    }

    @Test(arguments: TestRuntime.available)
    func `Every byte of a long input reaches the command, and every byte of its output comes back`(
        runtime: TestRuntime
    ) async throws {
        try await withTask(runtime) { worker, task in
            var generator = SeededGenerator()
            let bytes = (0..<300_000).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            var command = try await TestCommand(shell("cat; echo end >&2", interactive: true), in: task, on: worker)
            var other = command
            async let sent: Void = other.send(bytes, end: true)
            #expect(try await command.code() == 0)
            try await sent
            #expect(command.output == bytes && command.errorText == "end\n", "CUBE_SEED=\(generator.seed)")
        }
    }

    @Test(arguments: TestRuntime.available)
    func `A command without input reads an end at once`(runtime: TestRuntime) async throws {
        try await withTask(runtime) { worker, task in
            var command = try await TestCommand(shell("cat; echo done"), in: task, on: worker)
            #expect(try await command.code() == 0)
            #expect(command.text == "done\n")
            await #expect(throws: APIError.self) { try await command.send("x") }
        }
    }

    @Test(arguments: TestRuntime.available)
    func `Output that nobody takes is bounded, and arrives whole afterwards`(runtime: TestRuntime) async throws {
        try await withTask(runtime) { worker, task in
            let size = 10 << 20
            var command = try await TestCommand(shell("head -c \(size) /dev/zero"), in: task, on: worker)
            let first = try await worker.service.execOutput(command.id, of: task, after: 0, wait: .seconds(60))
            let again = try await worker.service.execOutput(command.id, of: task, after: 0, wait: .zero)
            // A request for the same offset returns the same bytes, and perhaps more that follow.
            #expect(again.chunks.first == first.chunks.first)
            #expect(again.next <= ExecExchange.outputLimit + (64 << 10))
            #expect(try await command.code() == 0)
            #expect(command.output.count == size && command.output.allSatisfy { $0 == 0 })
        }
    }

    @Test(arguments: TestRuntime.available)
    func `A terminal has a size that changes, echoes its input, and turns Ctrl-C into a signal`(
        runtime: TestRuntime
    ) async throws {
        try await withTask(runtime) { worker, task in
            var request = shell(
                "trap 'echo interrupted; exit 9' INT; test -t 0 && test -t 1 && test -t 2 && stty size; "
                    + "read word; stty size; echo got $word; while :; do sleep 0.1; done",
                tty: true, interactive: true)
            request.size = TerminalSize(columns: 101, rows: 31)
            var command = try await TestCommand(request, in: task, on: worker)
            // A container engine learns the size only after the command has started.
            try await command.read(until: "\r\n")
            try worker.service.resizeExec(command.id, of: task, to: TerminalSize(columns: 77, rows: 22))
            if runtime == .process { #expect(command.text == "31 101\r\n") }
            try await eventually {
                var other = try await TestCommand(
                    shell("for t in /dev/pts/*; do stty size <$t; done 2>/dev/null"), in: task, on: worker)
                try await other.code()
                return other.text.contains("22 77")
            }
            try await command.send("hello\n")
            try await command.read(until: "22 77\r\ngot hello\r\n")
            #expect(command.text.contains("hello\r\n22 77"), "the terminal echoes the input")
            try await command.send([3])
            #expect(try await command.code() == 9)
            #expect(command.text.hasSuffix("interrupted\r\n") && command.errors.isEmpty)
        }
    }

    @Test(arguments: TestRuntime.available)
    func `The end of the input ends a shell in a terminal`(runtime: TestRuntime) async throws {
        try await withTask(runtime) { worker, task in
            var command = try await TestCommand(
                ExecRequest(command: ["sh"], tty: true, interactive: true), in: task, on: worker)
            try await command.send("echo $((6 * 7))\n")
            try await command.read(until: "42\r\n")
            try await command.send("", end: true)
            #expect(try await command.code() == 0)
        }
    }

    @Test(arguments: TestRuntime.available)
    func `A terminal that forgets the end of the input is told again`(runtime: TestRuntime) async throws {
        try await withTask(runtime) { worker, task in
            // The end arrives while the terminal passes on every character as it is.
            var command = try await TestCommand(
                shell(
                    "stty raw -echo; echo up; sleep 1; stty cooked; cat >/dev/null; echo over", tty: true,
                    interactive: true), in: task, on: worker)
            try await command.read(until: "up")
            try await command.send("", end: true)
            #expect(try await command.code() == 0)
            #expect(command.text.contains("over"))
        }
    }

    @Test(arguments: TestRuntime.available)
    func `A client that leaves ends the command with its children`(runtime: TestRuntime) async throws {
        try await withTask(runtime) { worker, task in
            // The marker is an argument that no other process has.
            let marker = "1000.\(Int.random(in: 1_000_000...9_999_999))"
            var command = try await TestCommand(
                shell("trap '' HUP; sleep \(marker) & sleep \(marker) & echo up; wait"), in: task, on: worker)
            try await command.read(until: "up")
            // The shell says that it is up before both of its children have become the program that is counted.
            try await eventually { count(of: marker) == 2 }
            try worker.service.endExec(command.id, of: task)
            try await eventually { count(of: marker) == 0 }
            await #expect(throws: APIError.self) { try await command.read() }
        }
    }

    @Test(arguments: TestRuntime.available)
    func `A client that leaves also ends what outlives the first process of the command`(
        runtime: TestRuntime
    ) async throws {
        try await withTask(runtime) { worker, task in
            let marker = "1000.\(Int.random(in: 1_000_000...9_999_999))"
            var command = try await TestCommand(
                shell("sh -c 'trap \"\" HUP; echo up; exec sleep \(marker)' & wait"), in: task, on: worker)
            try await command.read(until: "up")
            try await eventually { count(of: marker) == 1 }
            try worker.service.endExec(command.id, of: task)
            try await eventually { count(of: marker) == 0 }
        }
    }

    @Test(arguments: TestRuntime.available)
    func `A client that leaves ends a command that has discarded its environment`(runtime: TestRuntime) async throws {
        try await withTask(runtime) { worker, task in
            let marker = "1000.\(Int.random(in: 1_000_000...9_999_999))"
            var command = try await TestCommand(
                shell("exec env -i /bin/sh -c 'echo up; exec sleep \(marker)'"), in: task, on: worker)
            try await command.read(until: "up")
            try await eventually { count(of: marker) == 1 }
            try worker.service.endExec(command.id, of: task)
            try await eventually { count(of: marker) == 0 }
        }
    }

    private func count(of marker: String) -> Int {
        ProcessTable.read().entries.keys.count { ProcessTable.strings("cmdline", of: $0) == ["sleep", marker] }
    }

    @Test(arguments: TestRuntime.available)
    func `The end of a task ends its commands`(runtime: TestRuntime) async throws {
        try await WorkerWorld.with(runtime) { world in
            let task = runtime.script("sleep 1000", stop: StopPolicy(signal: "SIGKILL"))
            try await world.worker(runtime) { worker in
                try await worker.assign(task)
                try await worker.task(task.id, reaches: .running)
                var command = try await TestCommand(shell("echo up; sleep 1000"), in: task.id, on: worker)
                try await command.read(until: "up")
                try await worker.stop(task.id)
                #expect(try await command.code() >= 128)
                try await worker.ended(task.id)
                let error = await #expect(throws: APIError.self) {
                    _ = try await TestCommand(shell("true"), in: task.id, on: worker)
                }
                #expect(error?.reason == .conflict)
            }
        }
    }

    @Test func `A worker that is gone leaves no command behind`() async throws {
        try await WorkerWorld.with { world in
            let task = TaskAssignment.script("sleep 1000", stop: StopPolicy(signal: "SIGKILL"))
            let marker = "1000.\(Int.random(in: 1_000_000...9_999_999))"
            try await world.worker { worker in
                try await worker.assign(task)
                try await worker.task(task.id, reaches: .running)
                var command = try await TestCommand(
                    shell("sleep \(marker) & echo up; wait"), in: task.id, on: worker)
                try await command.read(until: "up")
                // The shell has made a copy of itself, which may not have become the program yet.
                try await eventually { count(of: marker) == 1 }
            }
            try await eventually { count(of: marker) == 0 }
        }
    }

    @Test(arguments: TestRuntime.engines)
    func `A worker that starts ends the commands that a killed worker left in containers, and no others`(
        runtime: TestRuntime
    ) async throws {
        try await WorkerWorld.with(runtime) { world in
            let task = runtime.script("sleep 1000", stop: StopPolicy(signal: "SIGKILL"))
            let markers = (0..<2).map { _ in "1000.\(Int.random(in: 1_000_000...9_999_999))" }
            try await world.worker(runtime) { worker in
                try await worker.assign(task)
                try await worker.task(task.id, reaches: .running)
            }
            for (marker, environment) in zip(markers, [[LeftCommands.mark], []]) {
                let command = try await runtime.client.createExec(
                    ExecRequest(command: ["sleep", marker]), environment: environment, in: containerName(of: task))
                try await runtime.client.startExec(command, tty: false) { _, _, _ in }
                try await eventually { count(of: marker) == 1 }
            }
            try await world.worker(runtime) { worker in
                try await eventually { count(of: markers[0]) == 0 }
                #expect(count(of: markers[1]) == 1)
                try await worker.stop(task.id)
                try await worker.ended(task.id)
            }
        }
    }

    @Test func `A command runs as the user of its task`() async throws {
        guard geteuid() == 0 else { return }
        try await withTask(.process) {
            $0.user = "nobody"
        } _: { worker, task in
            for tty in [false, true] {
                var command = try await TestCommand(
                    shell("id -un; pwd; : >/dev/stdout && echo ok", tty: tty), in: task, on: worker)
                #expect(try await command.code() == 0)
                let lines = command.text.split(whereSeparator: \.isNewline)
                #expect(lines.first == "nobody" && lines.last == "ok", "\(command.text) \(command.errorText)")
                #expect(lines.count == 3 && lines[1].hasSuffix("/work"))
            }
        }
    }
}
