import CubeCore
import CubeTypes
import Foundation
import Glibc
import SystemPackage
import Testing

@testable import CubeWorker

@Suite(.timeLimit(.minutes(2)))
struct FilesTests {
    private static func file(_ text: String, _ target: String, mode: Int = 0o444) -> TaskFile {
        TaskFile(source: ContentSource("x", content: Array(text.utf8)), target: target, mode: mode)
    }

    private static func secret(_ name: String, _ text: String, in world: WorkerWorld) throws {
        try Data(text.utf8).write(to: URL(filePath: "\(world.directory)/secrets/\(name)"))
    }

    @Test func `Each start of a task rewrites its files in its directory, with their permissions`() async throws {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let assignment = TaskAssignment.script(
                    "cat a etc/deep/b; stat -c %a a etc/deep/b; rm a; echo changed > a; chmod 600 etc/deep/b; exit 1",
                    restart: RestartPolicy(policy: .onFailure, max: 1, backoff: .milliseconds(100)),
                    { $0.files = [Self.file("one\n", "a"), Self.file("two\n", "etc/deep/b", mode: 0o700)] })
                try await worker.assign(assignment)
                #expect(try await worker.ended(assignment.id).restarts == 1)
                let once = "one\ntwo\n444\n700\n"
                #expect(try await worker.output(assignment.id) == once + once)
            }
        }
    }

    @Test func `Nothing is written outside of the task's directory, whatever links the task creates`() async throws {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let outside = "\(world.directory)/outside"
                try LocalFiles.makeDirectory(outside)
                try Data("mine".utf8).write(to: URL(filePath: "\(outside)/file"))
                let assignment = TaskAssignment.script(
                    "rm -rf etc; ln -s \(outside) etc; rm b; ln -s \(outside)/file b; exit 1",
                    restart: RestartPolicy(policy: .onFailure, max: 1, backoff: .milliseconds(100)),
                    { $0.files = [Self.file("two", "b"), Self.file("one", "etc/a")] })
                try await worker.assign(assignment)
                let task = try await worker.ended(assignment.id)
                #expect(task.message?.contains("files: etc/a cannot be written") == true, "\(task.message ?? "")")
                #expect(try LocalFiles.names(in: outside) == ["file"])
                #expect(try LocalFiles.read("\(outside)/file") == Array("mine".utf8))
            }
        }
    }

    @Test
    func `A secret is removed only from where it was written, whatever its name and whatever links the task creates`()
        throws
    {
        let top = "/tmp/cube-files-\(UUID().uuidString)"
        let (work, outside) = (top + "/work", top + "/outside")
        for path in [top, work, outside] { try LocalFiles.makeDirectory(path) }
        defer {
            // A leftover in /tmp is harmless.
            try? LocalFiles.remove(top)
        }
        // The combining character follows the slash.
        let file = Self.file("secret", "etc/\u{301}password")
        try TaskDirectory.write([(file, [1])], in: work, owner: nil)
        #expect(try LocalFiles.names(in: work + "/etc") == ["\u{301}password"])
        try TaskDirectory.remove([file], in: work)
        #expect(try LocalFiles.names(in: work + "/etc") == [])

        try Data("mine".utf8).write(to: URL(filePath: outside + "/\u{301}password"))
        #expect(rmdir(work + "/etc") == 0 && symlink(outside, work + "/etc") == 0)
        try TaskDirectory.remove([file], in: work)
        #expect(try LocalFiles.names(in: outside) == ["\u{301}password"])
        #expect(unlink(work + "/etc") == 0)
        try TaskDirectory.remove([file], in: work)
        // Opening a directory with such a long name fails, so it is unknown whether the secret still exists.
        let long = Self.file("secret", String(repeating: "x", count: 300) + "/password")
        #expect(throws: Errno.self) { try TaskDirectory.remove([long], in: work) }
    }

    @Test
    func
        `Later env_from sources override earlier ones, env overrides them all, and none overrides Cube's own variables`()
        async throws
    {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                try Self.secret("web.env", "B=secret\nC=secret\nD=secret\nCUBE_NAME=other\n", in: world)
                let assignment = TaskAssignment.script("echo $A $B $C $D $CUBE_NAME $1") {
                    $0.command += ["sh", "$(C)"]
                    $0.envFrom = [
                        ContentSource("x", content: Array("A=file\nB=file".utf8)), ContentSource("secret:web.env"),
                    ]
                    $0.env = ["D": "own"]
                }
                try await worker.assign(assignment)
                _ = try await worker.ended(assignment.id)
                #expect(try await worker.output(assignment.id) == "file secret secret own task secret\n")
            }
        }
    }

    @Test func `A missing secret fails the start with its name, the start is retried, and no message contains a value`()
        async throws
    {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                #expect(access("\(world.directory)/secrets", X_OK) == 0)
                let assignment = TaskAssignment.script(
                    "cat password",
                    restart: RestartPolicy(policy: .onFailure, max: 1000, backoff: .milliseconds(100)),
                    {
                        $0.files = [TaskFile(source: ContentSource("secret:db"), target: "password", mode: 0o400)]
                        $0.envFrom = [ContentSource("secret:db.env")]
                    })
                try await worker.assign(assignment)
                let waiting = try await worker.task(assignment.id) { $0.reason == .backoff }
                #expect(waiting.message == "there is no secret \"db.env\" in \(world.directory)/secrets")
                try Self.secret("db.env", "hunter2", in: world)
                let broken = try await worker.task(assignment.id) { $0.message?.contains("db.env:1:1") == true }
                #expect(broken.message == "env_from: secret:db.env:1:1: the line must be NAME=VALUE")
                try Self.secret("db", "hunter2", in: world)
                try Self.secret("db.env", "A=b", in: world)
                let task = try await worker.ended(assignment.id)
                #expect(task.state == .completed)
                #expect(try await worker.output(assignment.id) == "hunter2")
            }
        }
    }

    @Test func `A worker tells its manager the names of its secrets, and no other names of the directory`() async throws
    {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                #expect(await worker.service.info().secrets == [])
                for name in ["db.env", "b\\x41", "a", ".hidden", "with blank", "caf\u{e9}"] {
                    try Self.secret(name, "hunter2", in: world)
                }
                #expect(await worker.service.info().secrets == ["a", "b\\x41", "db.env"])
                for number in 0..<TextBounds.secrets { try Self.secret("many-\(number)", "", in: world) }
                #expect(await worker.service.info().secrets == nil, "More than a worker tells are unknown.")
            }
        }
    }

    @Test(arguments: ["pipe", "/dev/zero", "loop", "large"])
    func `A secret that is not a regular file fails only its own task`(kind: String) async throws {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let path = "\(world.directory)/secrets/bad"
                switch kind {
                case "pipe": #expect(mkfifo(path, 0o600) == 0)
                case "loop": #expect(symlink("bad", path) == 0)
                case "large":
                    try Self.secret("bad", "", in: world)
                    #expect(truncate(path, 1 << 40) == 0)
                default: #expect(symlink(kind, path) == 0)
                }
                let bad = TaskAssignment.script("true") { $0.envFrom = [ContentSource("secret:bad")] }
                try await worker.assign(bad)
                let task = try await worker.ended(bad.id)
                #expect(task.state == .failed && task.reason == .startFailed)
                #expect(task.message?.contains("the secret \"bad\" in") == true, "\(task.message ?? "")")
                let good = TaskAssignment.script("echo fine")
                try await worker.assign(good)
                _ = try await worker.ended(good.id)
                #expect(try await worker.output(good.id) == "fine\n")
            }
        }
    }

    @Test func `A missing secret ends the task as failed if its restart policy allows no retry`() async throws {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let assignment = TaskAssignment.script("true") { $0.envFrom = [ContentSource("secret:no")] }
                try await worker.assign(assignment)
                let task = try await worker.ended(assignment.id)
                #expect(task.state == .failed && task.reason == .startFailed)
            }
        }
    }

    @Test func `The reason of a failed start is reported even if it has many bytes`() async throws {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let name = String(repeating: "\u{7bb1}", count: 250)
                let assignment = TaskAssignment.script("true") { $0.files = [Self.file("x", name)] }
                try await worker.assign(assignment)
                let task = try await worker.ended(assignment.id)
                #expect(task.state == .failed && task.reason == .startFailed, "\(String(describing: task.reason))")
                #expect(task.message?.hasPrefix("files: \u{7bb1}\u{7bb1}") == true, "\(task.message ?? "")")
            }
        }
    }

    @Test func `A file whose target leads out of the task's directory, or that has no content, is refused`()
        async throws
    {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let empty = TaskFile(source: ContentSource("x"), target: "x")
                for file in [Self.file("x", "../x"), Self.file("x", "/etc/x"), Self.file("x", "a//b"), empty] {
                    await #expect { try await worker.assign(.script("") { $0.files = [file] }) } throws: {
                        "\($0)".contains("definition.files")
                    }
                }
            }
        }
    }
}
