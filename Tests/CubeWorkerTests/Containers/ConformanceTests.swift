import CubeCore
import CubeErrors
import CubeTesting
import CubeTypes
import Glibc
import SystemPackage
import Testing

@testable import CubeWorker

/// What every runtime does in the same way. Without `.ci/with-engines`, only processes are tested.
@Suite(.timeLimit(.minutes(2)))
struct ConformanceTests {
    @Test(arguments: TestRuntime.allCases)
    func `A run keeps its exit code, and its output is in the log and in the status`(runtime: TestRuntime) async throws
    {
        try await WorkerWorld.with(runtime) { world in
            let task = runtime.script("echo out; echo err >&2; exit 3")
            try await world.worker(runtime) { worker in
                try await worker.assign(task)
                let ended = try await worker.ended(task.id)
                #expect(ended.state == .failed)
                #expect(ended.exit?.code == 3)
                #expect(ended.message?.contains("out") == true && ended.message?.contains("err") == true)
                #expect(try await worker.output(task.id).split(separator: "\n").sorted() == ["err", "out"])
            }
        }
    }

    @Test(arguments: TestRuntime.allCases)
    func
        `Output keeps every byte, also of a line that is longer than any buffer, but Docker replaces what is not UTF-8`(
            runtime: TestRuntime
        ) async throws
    {
        try await WorkerWorld.with(runtime) { world in
            let task = runtime.script("head -c 100000 /dev/zero | tr '\\0' x; echo; printf 'é\\377\\0\\n'; printf end")
            try await world.worker(runtime) { worker in
                try await worker.assign(task)
                try await worker.ended(task.id)
                var bytes: [UInt8] = []
                for try await chunk in try await worker.service.logs(task.id, LogSelection()) { bytes += chunk }
                let other: [UInt8] = runtime == .docker ? Array("\u{fffd}".utf8) : [0xff]
                let end = Array("\né".utf8) + other + Array("\0\nend".utf8)
                #expect(bytes.prefix(100_000).allSatisfy { $0 == UInt8(ascii: "x") })
                #expect(Array(bytes.dropFirst(100_000)) == end)
            }
        }
    }

    @Test(arguments: TestRuntime.allCases)
    func `The metrics of a task include processor time that ended programs have used`(runtime: TestRuntime) async throws
    {
        try await WorkerWorld.with(runtime) { world in
            let task = runtime.script(
                "dd if=/dev/zero of=/dev/null bs=1M count=4000 2>/dev/null; echo ready; exec sleep 1000",
                stop: StopPolicy(signal: "SIGKILL"))
            try await world.worker(runtime) { worker in
                try await worker.assign(task)
                try await worker.output(task.id, until: "ready")
                let metrics = try #require(try await worker.service.metrics().tasks.first)
                #expect(metrics.id == task.id && metrics.run == 1 && metrics.processes == 1)
                #expect(metrics.cpuSeconds > 0.01 && metrics.memoryBytes > 0 && metrics.memoryLimitBytes == nil)
                #expect((metrics.networkReceivedBytes == nil) == (runtime == .process))
                try await worker.stop(task.id)
                try await worker.ended(task.id)
                #expect(try await worker.service.metrics().tasks == [])
            }
        }
    }

    @Test(arguments: TestRuntime.allCases)
    func `A job that succeeds is completed`(runtime: TestRuntime) async throws {
        try await WorkerWorld.with(runtime) { world in
            let task = runtime.script("exit 0", restart: .standard(for: .job)) { $0.kind = .job }
            try await world.worker(runtime) { worker in
                try await worker.assign(task)
                #expect(try await worker.ended(task.id).state == .completed)
            }
        }
    }

    @Test(arguments: TestRuntime.allCases)
    func `A failed run is restarted by its policy, and the log has the output of all runs`(
        runtime: TestRuntime
    ) async throws {
        try await WorkerWorld.with(runtime) { world in
            let policy = RestartPolicy(policy: .onFailure, max: 1, backoff: .milliseconds(100))
            let task = runtime.script("echo run; exit 1", restart: policy)
            try await world.worker(runtime) { worker in
                try await worker.assign(task)
                let ended = try await worker.ended(task.id)
                #expect(ended.state == .failed && ended.reason == .restartsUsedUp && ended.run == 2)
                #expect(try await worker.output(task.id) == "run\nrun\n")
            }
        }
    }

    @Test(arguments: TestRuntime.allCases)
    func `The output of a run begins on a line of its own, and the last line of the last run stays as it is`(
        runtime: TestRuntime
    ) async throws {
        try await WorkerWorld.with(runtime) { world in
            let policy = RestartPolicy(policy: .onFailure, max: 2, backoff: .milliseconds(100))
            let task = runtime.script("printf run; exit 1", restart: policy)
            try await world.worker(runtime) { worker in
                try await worker.assign(task)
                #expect(try await worker.ended(task.id).run == 3)
                #expect(try await worker.output(task.id) == "run\nrun\nrun")
                #expect(try await worker.output(task.id, tail: 1) == "run")
            }
        }
    }

    @Test(arguments: TestRuntime.allCases)
    func `A stop sends the signal of the policy and keeps the exit code`(runtime: TestRuntime) async throws {
        try await WorkerWorld.with(runtime) { world in
            let task = runtime.script(
                "trap 'echo asked; exit 7' INT; echo up; while :; do sleep 0.1; done",
                stop: StopPolicy(signal: "SIGINT", grace: .seconds(60)))
            try await world.worker(runtime) { worker in
                try await worker.assign(task)
                try await worker.output(task.id, shows: "up")
                try await worker.stop(task.id)
                let ended = try await worker.ended(task.id)
                #expect(ended.state == .stopped && ended.exit?.code == 7)
                #expect(try await worker.output(task.id).contains("asked"))
            }
        }
    }

    @Test(arguments: TestRuntime.allCases)
    func `A run that ignores the signal is killed after its grace period`(runtime: TestRuntime) async throws {
        try await WorkerWorld.with(runtime) { world in
            let task = runtime.script(
                "trap '' TERM; echo up; while :; do sleep 0.1; done", stop: StopPolicy(grace: .milliseconds(300)))
            try await world.worker(runtime) { worker in
                try await worker.assign(task)
                try await worker.output(task.id, shows: "up")
                try await worker.stop(task.id)
                let ended = try await worker.ended(task.id)
                #expect(ended.state == .stopped)
                // A container that is killed by a signal has the exit code of a shell for it.
                #expect(ended.exit?.signal == 9 || ended.exit?.code == 137)
            }
        }
    }

    @Test(arguments: TestRuntime.allCases)
    func `A worker that restarts adopts a live run, whose output continues without a gap or a repetition`(
        runtime: TestRuntime
    ) async throws {
        try await WorkerWorld.with(runtime) { world in
            let task = runtime.script(
                "i=0; while :; do i=$((i+1)); echo line $i; sleep 0.02; done", stop: StopPolicy(signal: "SIGKILL"))
            let first = try await world.worker(runtime) { worker in
                try await worker.assign(task)
                try await worker.output(task.id, shows: "line 20")
                return try await worker.task(task.id, reaches: .running)
            }
            try await world.worker(runtime) { worker in
                let adopted = try await worker.task(task.id, reaches: .running)
                #expect(adopted.run == first.run)
                try await worker.output(task.id, shows: "line 80")
                let lines = try await worker.output(task.id).split(separator: "\n")
                #expect(lines.prefix(80) == (1...80).map { "line \($0)" }[...])
                try await worker.stop(task.id)
                try await worker.ended(task.id)
            }
        }
    }

    @Test(arguments: TestRuntime.allCases)
    func `A run that ends while no worker is running keeps its exit code and its output`(
        runtime: TestRuntime
    ) async throws {
        try await WorkerWorld.with(runtime) { world in
            let task = runtime.script(
                "echo up; while [ ! -e /tmp/cube-gate-$CUBE_TASK_ID ]; do sleep 0.05; done; echo last; exit 4")
            try await world.worker(runtime) { worker in
                try await worker.assign(task)
                try await worker.output(task.id, shows: "up")
            }
            try await open(task, runtime)
            try await world.worker(runtime) { worker in
                let ended = try await worker.ended(task.id)
                #expect(ended.exit?.code == 4 && ended.run == 1)
                #expect(try await worker.output(task.id) == "up\nlast\n")
            }
        }
    }

    /// Creates the file that the program of a task waits for, and waits until the program has ended.
    private func open(_ task: TaskAssignment, _ runtime: TestRuntime) async throws {
        let path = "/tmp/cube-gate-\(task.id)"
        if runtime == .process {
            try LocalFiles.write([], to: "cube-gate-\(task.id)", in: "/tmp", durably: false)
        } else {
            let name = containerName(of: task)
            _ = try await runtime.client.exec(["touch", path], in: name, outputBytes: 0) { _ in }
            try await eventually { try await runtime.client.container(name)?.status.phase == .exited }
        }
    }

    @Test(arguments: TestRuntime.allCases)
    func `A program sees its variables and its files, and nothing of the worker`(runtime: TestRuntime) async throws {
        try await WorkerWorld.with(runtime) { world in
            let target = runtime == .process ? "web.conf" : "/etc/web.conf"
            let task = runtime.script(
                "echo $CUBE_NAME/$CUBE_ORDINAL $GREETING $DOCKER_HOST; cat \(target); env | grep -c CUBE_TEST"
            ) {
                $0.env = ["GREETING": "hello $(CUBE_NAME)"]
                $0.files = [
                    TaskFile(source: ContentSource("web.conf", content: Array("port 1\n".utf8)), target: target)
                ]
            }
            try await world.worker(runtime) { worker in
                try await worker.assign(task)
                try await worker.ended(task.id)
                #expect(try await worker.output(task.id) == "task/3 hello task\nport 1\n0\n")
            }
        }
    }

    @Test(arguments: TestRuntime.allCases)
    func `A program that does not exist ends its run as start_failed and is named`(runtime: TestRuntime) async throws {
        try await WorkerWorld.with(runtime) { world in
            let task = runtime.script("") { $0.command = ["no-such-program"] }
            try await world.worker(runtime) { worker in
                try await worker.assign(task)
                let ended = try await worker.ended(task.id)
                #expect(ended.state == .failed && ended.reason == .startFailed)
                #expect(ended.message?.contains("no-such-program") == true)
                #expect(ended.message?.contains("OCI") == false)
            }
        }
    }

    @Test(arguments: TestRuntime.allCases)
    func `A check command runs in the run's environment, and passes by its exit code`(runtime: TestRuntime) async throws
    {
        try await WorkerWorld.with(runtime) { world in
            let check = HealthCheck(command: ["sh", "-c", "test \"$COLOR\" = red"], interval: .milliseconds(100))
            let task = runtime.script("sleep 1000", stop: StopPolicy(signal: "SIGKILL")) {
                $0.env = ["COLOR": "red"]
                $0.health = HealthChecks(ready: check)
            }
            try await world.worker(runtime) { worker in
                try await worker.assign(task)
                try await worker.task(task.id) { $0.ready }
                try await worker.stop(task.id)
                try await worker.ended(task.id)
            }
        }
    }

    @Test(arguments: TestRuntime.allCases)
    func `A check that fails or never ends makes a task unready, with its output or its time limit as the reason`(
        runtime: TestRuntime
    ) async throws {
        try await WorkerWorld.with(runtime) { world in
            let failing = HealthCheck(
                command: ["sh", "-c", "echo no database; exit 5"], interval: .milliseconds(100), retries: 1,
                startPeriod: .zero)
            let endless = HealthCheck(
                command: ["sleep", "1000"], interval: .milliseconds(100), timeout: .milliseconds(300), retries: 1,
                startPeriod: .zero)
            for (check, words) in [(failing, "no database"), (endless, "timed out after 300 ms")] {
                let task = runtime.script("sleep 1000", stop: StopPolicy(signal: "SIGKILL")) {
                    $0.health = HealthChecks(ready: check)
                }
                try await world.worker(runtime) { worker in
                    try await worker.assign(task)
                    try await worker.task(task.id) { $0.message?.contains(words) == true }
                    try await worker.stop(task.id)
                    try await worker.ended(task.id)
                }
            }
        }
    }

    @Test(arguments: TestRuntime.allCases)
    func `The figures of a worker count the processes of a live run`(runtime: TestRuntime) async throws {
        try await WorkerWorld.with(runtime) { world in
            let task = runtime.script("sleep 1000 & echo up; wait", stop: StopPolicy(signal: "SIGKILL"))
            try await world.worker(runtime) { worker in
                try await worker.assign(task)
                try await worker.output(task.id, shows: "up")
                try await eventually {
                    try await worker.service.metrics().tasks.first { $0.id == task.id }?.processes == 2
                }
                try await worker.stop(task.id)
                try await worker.ended(task.id)
            }
        }
    }

    @Test(arguments: TestRuntime.allCases)
    func `An ended task leaves neither a container nor the files that it was given`(runtime: TestRuntime) async throws {
        try await WorkerWorld.with(runtime) { world in
            let target = runtime == .process ? "key" : "/key"
            let task = runtime.script("cat \(target)") {
                $0.files = [TaskFile(source: ContentSource("secret:key"), target: target)]
            }
            try await world.worker(runtime) { worker in
                try LocalFiles.write(
                    Array("s3cret".utf8), to: "key", in: world.directory.appending("secrets").string, durably: false)
                try await worker.assign(task)
                try await worker.ended(task.id)
                #expect(try await worker.output(task.id) == "s3cret")
                let delivered = runtime == .process ? "work/key" : "files/0"
                try await eventually { access("\(world.store.directory(of: task.id))/\(delivered)", F_OK) != 0 }
                if runtime != .process {
                    try await eventually { try await runtime.client.container(containerName(of: task)) == nil }
                }
            }
        }
    }
}
