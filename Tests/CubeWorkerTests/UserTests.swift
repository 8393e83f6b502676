import CubeCore
import CubeTypes
import Foundation
import Glibc
import SystemPackage
import Testing

@testable import CubeWorker

/// The permissions of a task that runs as another user. Only a root worker has such tasks.
@Suite(.timeLimit(.minutes(2)), .enabled(if: geteuid() == 0, "needs root"))
struct UserTests {
    @Test func `A task with a user can use the absolute path of its directory, /dev/stdout and /dev/stderr`()
        async throws
    {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let assignment = TaskAssignment.script(
                    """
                    set -e; cat "$PWD/app"; echo one > /dev/stdout; echo two >> /dev/stderr; echo three > /proc/self/fd/1
                    mkdir "$PWD/new"; cd new; echo four > "$PWD/x"; cat "$PWD/x"; test "$(pwd -P)" = "$PWD"; id -u; id -g
                    """
                ) {
                    $0.user = "1234:2345"
                    $0.files = [
                        TaskFile(source: ContentSource("x", content: Array("zero\n".utf8)), target: "app", mode: 0o400)
                    ]
                }
                try await worker.assign(assignment)
                let task = try await worker.ended(assignment.id)
                #expect(task.state == .completed, "\(task.message ?? "")")
                #expect(try await worker.output(assignment.id) == "zero\none\ntwo\nthree\nfour\n1234\n2345\n")
            }
        }
    }

    @Test func `A closed directory of an earlier version is opened for traversal, but not for listing`() async throws {
        try await WorkerWorld.with { world in
            let data = world.directory.appending("data")
            let directory = data.appending("worker").appending("w1")
            for path in [world.directory, data, data.appending("worker"), directory, data.appending("tokens")] {
                try LocalFiles.makeDirectory(path.string)
            }
            // A directory that a person created with default permissions while the data directory was closed.
            #expect(mkdir("\(data)/secrets", 0o755) == 0)
            #expect(chmod("\(world.directory)", 0o755) == 0)
            try Data("hunter2".utf8).write(to: URL(filePath: "\(data)/secrets/db"))
            let options = WorkerOptions(
                name: NodeName(rawValue: "w1")!, directory: directory, supervisor: WorkerWorld.supervisor,
                passage: [data, data.appending("worker")], secrets: data.appending("secrets"))
            let others = TaskAssignment.script("echo mine > x")
            let assignment = TaskAssignment.script(
                """
                cat "$PWD/password"; for path in \(data) \(data)/worker \(directory) \(directory)/tasks "$PWD/.."; do
                ls "$path" > listing 2> problem && echo "lists $path"; done
                for path in \(data)/secrets/db \(directory)/worker.json "$PWD/../record.json" "$PWD"/../runs/1-1/launch \
                "$PWD/../log/1.log" \(directory)/tasks/\(others.id)/work/x
                do cat "$path" 2> problem && echo "reads $path"; done; echo over
                """
            ) {
                $0.user = "1234"
                $0.files = [TaskFile(source: ContentSource("secret:db"), target: "password", mode: 0o400)]
            }
            try await world.worker(options: options) { worker in
                try await worker.assign(others)
                _ = try await worker.ended(others.id)
                var status = stat()
                // Without a task of another user, no directory is opened.
                #expect(stat(data.string, &status) == 0 && status.st_mode & 0o777 == 0o700)
                try await worker.assign(assignment)
                _ = try await worker.ended(assignment.id)
                #expect(try await worker.output(assignment.id) == "hunter2over\n")
                for path in [data, data.appending("worker"), directory, directory.appending("tasks")] {
                    #expect(stat(path.string, &status) == 0 && status.st_mode & 0o777 == 0o711, "\(path)")
                }
                #expect(stat("\(data)/secrets", &status) == 0 && status.st_mode & 0o777 == 0o700)
                #expect(stat("\(directory)/tasks/\(assignment.id)/work", &status) == 0)
                #expect(status.st_mode & 0o777 == 0o700 && status.st_uid == 1234)
            }
        }
    }

    @Test func `A directory above the data directory that the user cannot traverse is named in a warning`() throws {
        let user = TaskUser(id: 1234, group: 2345, groups: [2345], home: "/")
        let top = "/tmp/cube-passage-\(UUID().uuidString)"
        for path in [top, top + "/a", top + "/a/b"] { #expect(mkdir(path, 0o711) == 0) }
        defer {
            // A leftover would be only an empty directory.
            try? LocalFiles.remove(top)
        }
        #expect(TraversalAccess.obstacle(to: top + "/a/b", for: user) == nil)
        #expect(chmod(top + "/a", 0o700) == 0)
        #expect(TraversalAccess.obstacle(to: top + "/a/b", for: user) == top + "/a")
        #expect(chown(top + "/a", 0, 2345) == 0 && chmod(top + "/a", 0o710) == 0)
        #expect(TraversalAccess.obstacle(to: top + "/a/b", for: user) == nil)
        #expect(
            TraversalAccess.obstacle(to: top + "/a/b", for: TaskUser(id: 0, group: 0, groups: [], home: "/")) == nil)
    }

    @Test func `A large user database entry is found, but not one that exceeds the maximum size`() {
        for (bytes, isFound) in [(0, true), (100_000, true), (1 << 30, false)] {
            let user = TaskUser.lookUp { $2 < bytes ? ERANGE : getpwuid_r(65534, $0, $1, $2, $3) }
            #expect(user?.id == (isFound ? 65534 : nil), "\(bytes)")
        }
    }

    /// The ID of the group `daemon`, which differs between machines.
    private static let daemon = getgrnam("daemon")?.pointee.gr_gid

    /// In the expected IDs, `daemon` stands for the ID of that group.
    @Test(arguments: [
        ("nobody", "65534:65534"), ("65534", "65534:65534"), ("1234", "1234:1234"), ("1234:2345", "1234:2345"),
        ("nobody:daemon", "65534:daemon"), ("nobody:2345", "65534:2345"), ("root:daemon", "0:daemon"),
    ])
    func `A task runs as the user and group that its manifest gives by name or number`(text: String, expected: String)
        async throws
    {
        let daemon = try #require(Self.daemon, "this machine has no group \"daemon\"")
        let numbers = expected.replacing("daemon", with: "\(daemon)")
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let assignment = TaskAssignment.script("echo \"$(id -u):$(id -g)\"") { $0.user = text }
                try await worker.assign(assignment)
                _ = try await worker.ended(assignment.id)
                #expect(try await worker.output(assignment.id) == numbers + "\n")
            }
        }
    }

    @Test(arguments: [
        ("nobody:no-such-group", "there is no group \"no-such-group\" on this machine"),
        ("no-such-user:daemon", "there is no user \"no-such-user\" on this machine"), ("a:b:c", "must be a user"),
    ])
    func `An unknown user or group fails the start with its name`(text: String, words: String) async throws {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let assignment = TaskAssignment.script("exit 0") { $0.user = text }
                try await worker.assign(assignment)
                let task = try await worker.ended(assignment.id)
                #expect(task.reason == .startFailed)
                #expect(task.message?.contains(words) == true, "\(task.message ?? "")")
            }
        }
    }

    @Test(
        arguments: [
            (nil, nil, false), ("root", nil, false), ("0:1", nil, false), ("nobody", nil, true), ("1234:0", nil, true),
            ("nobody", false, false), (nil, true, true), ("root", true, true),
        ] as [(String?, Bool?, Bool)])
    func `A task with a non-root user cannot gain privileges unless its manifest allows it`(
        user: String?, written: Bool?, isForbidden: Bool
    ) async throws {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let assignment = TaskAssignment.script("grep NoNewPrivs /proc/self/status") {
                    $0.user = user
                    $0.security.noNewPrivileges = written
                }
                try await worker.assign(assignment)
                _ = try await worker.ended(assignment.id)
                #expect(try await worker.output(assignment.id) == "NoNewPrivs:\t\(isForbidden ? 1 : 0)\n")
            }
        }
    }
}
