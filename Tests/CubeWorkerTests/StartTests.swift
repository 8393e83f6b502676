import CubeCore
import CubeTesting
import CubeTypes
import Foundation
import Glibc
import Testing

@testable import CubeWorker

/// The environment of a program at its start, and the messages about programs that cannot be started.
@Suite(.timeLimit(.minutes(2)))
struct StartTests {
    @Test func `A task and its checks inherit only standard input, output and error`() async throws {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let assignment = TaskAssignment.script("") {
                    $0.command = ["sleep", "1000"]
                    $0.health.ready = HealthCheck(
                        command: ["sh", "-c", "echo $$ > new; mv new check; exec sleep 1000"],
                        interval: .seconds(1000), timeout: .seconds(100), retries: 1, startPeriod: .zero)
                }
                try await worker.assign(assignment)
                try await worker.task(assignment.id, reaches: .running)
                let task = try #require(try world.runDirectory(assignment.id).outcome()?.program)
                // At the start of a program, the dynamic linker briefly has the libraries open.
                try await eventually { try LocalFiles.names(in: "/proc/\(task)/fd") == ["0", "1", "2"] }

                let file = "\(world.work(assignment.id))/check"
                try await eventually { try LocalFiles.read(file) != nil }
                let text = String(decoding: try #require(try LocalFiles.read(file)), as: UTF8.self)
                let check = try #require(pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines)))
                try await eventually { ProcessTable.Entry(check)?.name == "sleep" }
                try await eventually { try LocalFiles.names(in: "/proc/\(check)/fd") == ["0", "1", "2"] }
                try await worker.stop(assignment.id)
                _ = try await worker.ended(assignment.id)
            }
        }
    }

    @Test
    func
        `A program that cannot be executed is named as in the manifest, so that no message contains the value of a variable`()
        async throws
    {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let assignment = TaskAssignment.script("") {
                    $0.command = ["$(PASSWORD)/bin", "$(PASSWORD)"]
                    $0.env = ["PASSWORD": "hunter2"]
                }
                try await worker.assign(assignment)
                let task = try await worker.ended(assignment.id)
                #expect(task.message == "cannot execute $(PASSWORD)/bin: No such file or directory")
                let checked = TaskAssignment.script("echo ready; sleep 1000") {
                    $0.env = ["PASSWORD": "hunter2"]
                    $0.health.ready = HealthCheck(
                        command: ["./$(PASSWORD)"], interval: .seconds(1000), timeout: .seconds(30), retries: 1,
                        startPeriod: .zero)
                }
                try await worker.assign(checked)
                let failed = try await worker.task(checked.id) { $0.message?.contains("cannot execute") == true }
                #expect(
                    failed.message
                        == "ready check failed: cannot execute ./$(PASSWORD): No such file or directory")
                try await worker.stop(checked.id)
                _ = try await worker.ended(checked.id)
            }
        }
    }

    @Test func `A long message is shortened and states how much is missing`() async throws {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let long = String(repeating: "\u{7bb1}", count: 30_000)
                let cases: [(String, (inout TaskDefinition) -> Void)] = [
                    ("cannot execute \u{7bb1}", { $0.command = [long] }),
                    ("working_dir /\u{7bb1}", { $0.workingDirectory = "/" + long }),
                    ("user: \"\u{7bb1}", { $0.user = String(long.prefix(80)) }),
                    ("files: ", { $0.files = [TaskFile(source: ContentSource(long, content: []), target: long)] }),
                ]
                for (words, change) in cases {
                    let task = try await worker.ended(worker.assign(.script("", change)).id)
                    let message = try #require(task.message)
                    #expect(task.reason == .startFailed)
                    #expect(message.hasPrefix(words) && message.contains(" more bytes)"), "\(message)")
                    #expect(message.utf8.count < 512 && !message.contains("\u{fffd}"), "\(message)")
                }
            }
        }
    }

    @Test func `The last line of a failed check is shortened at a character boundary`() async throws {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let assignment = TaskAssignment.script("echo ready; sleep 1000") {
                    $0.health.ready = HealthCheck(
                        command: ["sh", "-c", "echo \(String(repeating: "\u{7bb1}", count: 3000)); exit 1"],
                        interval: .seconds(1000), timeout: .seconds(30), retries: 1, startPeriod: .zero)
                }
                try await worker.assign(assignment)
                let task = try await worker.task(assignment.id) { $0.message?.contains("exit code 1: ") == true }
                #expect(task.message?.contains("exit code 1: …\u{7bb1}") == true, "\(task.message ?? "")")
                #expect(task.message?.utf8.count ?? .max < 300)
                try await worker.stop(assignment.id)
                _ = try await worker.ended(assignment.id)
            }
        }
    }

    @Test func `A value that exceeds the kernel's limits fails the start with its name but without the value`()
        async throws
    {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let long = String(repeating: "v", count: 131_072)
                let cases: [(String, (inout TaskDefinition) -> Void)] = [
                    ("env: the variable BIG is 131076 bytes long with its name", { $0.env = ["BIG": long] }),
                    (
                        "command[2] ($(A)$(A)) is 140000 bytes long after its variables are replaced",
                        { definition in
                            definition.env = ["A": String(long.prefix(70_000))]
                            definition.command = ["sh", "-c", "$(A)$(A)"]
                        }
                    ),
                    (
                        "the largest variables are V10 (120004), V11 (120004), V12 (120004)",
                        { definition in
                            for index in 0..<80 { definition.env["V\(index)"] = String(long.prefix(120_000)) }
                        }
                    ),
                ]
                for (words, change) in cases {
                    let task = try await worker.ended(worker.assign(.script("exit 0", change)).id)
                    #expect(task.reason == .startFailed)
                    #expect(task.message?.contains(words) == true, "\(task.message ?? "")")
                    #expect(task.message?.contains("vvvvv") == false)
                }
            }
        }
    }

    @Test func `A program starts with the longest variable, argument and environment that the limits allow`()
        async throws
    {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let longest = String(repeating: "v", count: ProgramLimits.stringBytes)
                let assignment = TaskAssignment.script("echo ${#1} ${#B}") {
                    $0.command += ["sh", longest]
                    $0.env = ["B": String(longest.dropFirst(2))]
                    // Fills the remaining space up to less than one more variable.
                    let room = ProgramLimits.totalBytes(stack: Machine.stackLimit) - 3 * longest.utf8.count
                    for index in 0..<(room / 100_020) { $0.env["V\(index)"] = String(longest.prefix(100_000)) }
                }
                try await worker.assign(assignment)
                let task = try await worker.ended(assignment.id)
                #expect(task.state == .completed, "\(task.message ?? "")")
                #expect(try await worker.output(assignment.id) == "131071 131069\n")
            }
        }
    }
}
