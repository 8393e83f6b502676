import Foundation
import Glibc
import Testing

extension EndToEndTests {
    /// The output and side effects of commands, in situations that unit tests cannot create.
    @Suite struct CommandTests {
        @Test func `tasks whose data directory was deleted are reported, keep running, and are stopped on request`()
            async throws
        {
            try await World.with { world in
                try world.service("web", replicas: 2)
                let up = try world.start("up")
                try await world.wait(for: "two tasks") { try world.ledger.living().count == 2 }
                up.kill(SIGKILL)
                await up.ended()
                try FileManager.default.removeItem(at: world.data)

                let refused = try await world.run("up")
                #expect(refused.status == 1)
                #expect(refused.standardError.contains("2 tasks") && refused.standardError.contains("down --orphans"))
                #expect(!FileManager.default.fileExists(atPath: world.data.path), "a refused up leaves no files")
                let plain = try await world.run("down")
                #expect(plain.status == 1 && plain.standardError.contains("down --orphans"))
                let doctor = try await world.run("doctor")
                #expect(doctor.status == 1)
                #expect(doctor.standardOutput.contains("stop them with `cube down --orphans`"))
                for task in try world.ledger.living().values {
                    #expect(kill(task.process, 0) == 0, "\(task) was ended")
                }

                let down = try await world.run("down", "--orphans", "--yes")
                #expect(down.status == 0, "\(down.standardError)")
                #expect(try world.ledger.living() == [:])
                let second = try world.start("up")
                try await world.wait(for: "two new tasks") { try world.ledger.living().count == 2 }
                #expect(try world.ledger.contradictions() == [])
                second.kill(SIGTERM)
                #expect(await second.ended() == 0)
            }
        }

        @Test func `tasks whose data directory was moved keep up at the old path from starting them a second time`()
            async throws
        {
            try await World.with { world in
                try world.service("web")
                let up = try world.start("up")
                try await world.wait(for: "a task") { try world.ledger.living().count == 1 }
                up.kill(SIGKILL)
                await up.ended()
                let moved = world.directory.appending(path: "moved")
                try FileManager.default.moveItem(at: world.data, to: moved)

                let refused = try await world.run("up")
                #expect(refused.status == 1 && refused.standardError.contains("directory was moved"))
                #expect(refused.standardError.contains("\(moved.path)/worker/"), "\(refused.standardError)")
                let doctor = try await world.run("doctor")
                #expect(doctor.status == 1 && doctor.standardOutput.contains("gone or was moved"))

                // The moved directory is the place where the tasks are known.
                try world.start("up", "--data-dir", moved.path)
                try world.service("db")
                try await world.wait(for: "another task") { try world.ledger.living().count == 2 }
                #expect(try world.ledger.entries().count == 2, "the running task was adopted")
                let down = try await world.run("down", "--data-dir", moved.path)
                #expect(down.status == 0, "\(down.standardError)")
            }
        }

        @Test func `a refused up leaves the parts that run reachable`() async throws {
            try await World.with { world in
                try world.service("web")
                try world.start("manager", "--listen", "127.0.0.1:0")
                try await world.wait(for: "a manager") { world.address("manager") != nil }
                let address = world.address("manager")
                let refused = try await world.run("up")
                #expect(refused.status == 1)
                #expect(refused.standardError.contains("is in use by cube manager, process"))
                #expect(refused.standardError.contains("hint: end it first, with Ctrl-C"))
                #expect(world.address("manager") == address)
                let list = try await world.run("task", "list")
                #expect(list.status == 0, "\(list.standardError)")
            }
        }

        @Test func `up starts again beside another worker of its directory`() async throws {
            try await World.with { world in
                func workers() -> [String] { world.json(at: "run/addresses.json")?["workers"] as? [String] ?? [] }
                let first = try world.start("up")
                try await world.wait(for: "up") { world.address("manager") != nil && workers().count == 1 }
                // `up` runs the first worker of its directory.
                let socket = world.socket("other")
                try world.start("worker", "--name", "zz", "--listen", "unix:\(socket)")
                try await world.wait(for: "the other worker") { workers().count == 2 }
                first.kill(SIGTERM)
                #expect(await first.ended() == 0)

                let again = try world.start("up")
                try await world.wait(for: "up") { world.address("manager") != nil && workers().count == 2 }
                #expect(again.isRunning)
                #expect(workers().contains { $0.hasSuffix(socket) })
            }
        }

        @Test func `up and reconcile refuse a data directory whose files would be read as manifests`() async throws {
            try await World.with { world in
                let data = world.manifests.appending(path: "data").path
                for command in [["up"], ["reconcile", "--manager", "unix:\(world.socket("none"))"]] {
                    let refused = try await world.run(command + ["--data-dir", data])
                    #expect(refused.status == 1)
                    #expect(refused.standardError.contains("would be read as manifests"), "\(refused.standardError)")
                    #expect(!FileManager.default.fileExists(atPath: data))
                }
            }
        }

        @Test func `init creates a directory that other users can read, within the umask`() async throws {
            try await World.with { world in
                for (umask, mode) in [("022", 0o755), ("077", 0o700)] {
                    let directory = world.directory.appending(path: "for-\(umask)/manifests")
                    let output = try await world.run(
                        ["init", "--manifests", directory.path],
                        through: ["sh", "-c", #"umask \#(umask); exec "$0" "$@""#])
                    #expect(output.status == 0, "\(output.standardError)")
                    for place in [directory, directory.deletingLastPathComponent()] {
                        let attributes = try FileManager.default.attributesOfItem(atPath: place.path)
                        #expect(attributes[.posixPermissions] as? Int == mode, "\(place.path)")
                    }
                }
            }
        }

        @Test func `a result that cannot be written is an error`() async throws {
            try await World.with { world in
                try world.service("web")
                for (arguments, status) in [
                    (["validate", "-o", "json"], 2), (["schema"], 1), (["help", "manifest"], 1), (["--version"], 1),
                ] as [([String], Int32)] {
                    let result = try await world.run(
                        arguments, through: ["sh", "-c", #"exec "$0" "$@" > /dev/full"#])
                    #expect(result.status == status, "\(arguments): \(result.standardError)")
                    #expect(
                        result.standardError.contains("cannot write to standard output: No space left on device"),
                        "\(arguments)")
                }
            }
        }

        @Test func `a command that follows ends when its output cannot be written`() async throws {
            try await World.with { world in
                try world.service("web")
                try world.start("up")
                try await world.wait(for: "an event") { world.workload("web")?["health"] as? String == "Healthy" }
                for arguments in [["events", "-f"], ["events", "-f", "-o", "json"], ["watch", "endpoints"]] {
                    let full = try world.start(arguments, through: ["sh", "-c", #"exec "$0" "$@" > /dev/full"#])
                    #expect(await full.ended(within: .seconds(60)) == 1, "\(arguments)")
                    #expect(
                        full.text(of: "err").contains("cannot write to standard output: No space left on device"),
                        "\(arguments)")
                    // A pipe without a reader, as that of `| head` once it has ended.
                    let unread = try world.start(
                        arguments,
                        through: [
                            "sh", "-c", #"rm -f pipe; mkfifo pipe; exec 3<>pipe >pipe 3>&-; exec "$0" "$@""#,
                        ])
                    #expect(await unread.ended(within: .seconds(60)) == 0, "\(arguments)")
                }
            }
        }

        @Test func `no view shows the value of a variable, even if no token is required`() async throws {
            try await World.with { world in
                func declare(_ value: String) throws { try world.service("web") { $0["env"] = ["PASSWORD": value] } }
                try declare("hunter2")
                let socket = world.socket("manager")
                try world.start("manager", "--listen", "unix:\(socket)")
                try world.start("worker", "--name", "w1", "--join", "unix:\(socket)", "--listen", "127.0.0.1:0")
                let reconciler = try world.start("reconcile")
                try await world.wait(for: "a task") { world.workload("web")?["health"] as? String == "Healthy" }
                reconciler.kill(SIGTERM)
                await reconciler.ended()
                // A pending difference, for the views that show differences.
                try declare("hunter3")
                let id = try #require(
                    try await world.run("task", "list").standardOutput.firstMatch(of: /[0-9a-f-]{36}/))
                let plan = world.directory.appending(path: "plan").path
                let views = [
                    ["status"], ["explain", "web"], ["history", "web"], ["events"], ["diff"], ["plan", "--out", plan],
                    ["plan", "show", plan], ["task", "list", "--all"], ["task", "show", String(id.output)],
                    ["node", "list"], ["node", "show", "w1"], ["owner", "list"],
                ]
                for view in views {
                    for form in ["text", "json", "markdown"] where form == "text" || !view.contains("show") {
                        let output = try await world.run(view + (form == "text" ? [] : ["-o", form]))
                        let text = output.standardOutput + output.standardError
                        #expect(!text.contains("hunter"), "\(view), \(form)")
                        #expect(
                            text.contains("web") || ["node", "owner"].contains(view[0]), "\(view), \(form): \(text)")
                    }
                }
                let written = try FileManager.default.subpathsOfDirectory(atPath: world.data.path).filter {
                    !$0.hasPrefix("manager/") && !$0.hasPrefix("worker/")
                }
                for path in written {
                    // Directories and sockets cannot be read as files.
                    let content = try? Data(contentsOf: world.data.appending(path: path))
                    #expect(content?.range(of: Data("hunter".utf8)) == nil, "\(path)")
                }
            }
        }

        @Test func `diff needs no write access to the manager or to any file, and changes nothing`() async throws {
            try await World.with { world in
                try world.service("web")
                // The manager's own files change all the time, so only the other files are compared.
                let own = world.directory.appending(path: "reconciler-data")
                let manager = try world.start("manager", "--listen", "127.0.0.1:0")
                let worker = try world.start("worker", "--name", "w1", "--listen", "127.0.0.1:0")
                try await world.wait(for: "a manager") { world.address("manager") != nil }
                let url = try #require(world.address("manager"))
                func arguments(_ command: String, token: String) -> [String] {
                    let file = world.data.appending(path: "tokens/\(token)").path
                    return [command, "--manager", url, "--token-file", file, "--data-dir", own.path]
                }
                let reconciler = try world.start(arguments("reconcile", token: "write"))
                try await world.wait(for: "a task") { try world.ledger.living().count == 1 }
                try await world.wait(for: "the end of the pass") {
                    let file = own.appending(path: "status/workloads/web.json")
                    // The file may not exist yet.
                    let text = try? String(contentsOf: file, encoding: .utf8)
                    return text?.contains("Healthy") ?? false
                }
                reconciler.kill(SIGINT)
                #expect(await reconciler.ended() == 0)

                // A reader with read permission only sees everything but the values of `env`, which cannot be compared then.
                for (version, label, status, seen) in [(1, nil, Int32(0), Int32(0)), (1, "shop", 1, 1), (2, nil, 1, 0)]
                {
                    try world.service("web", version: version) { manifest in
                        if let label { manifest["labels"] = ["team": label] }
                    }
                    let usual = try await world.run(arguments("diff", token: "write"))
                    #expect(usual.status == status, "\(usual.standardError)")
                    let trees = [own, world.manifests]
                    for tree in trees { try world.setWritable(false, tree) }
                    let before = try trees.map(world.listing)
                    let humble = try await world.run(
                        arguments("diff", token: "read"), through: World.withoutPrivileges)
                    #expect(try trees.map(world.listing) == before)
                    for tree in trees { try world.setWritable(true, tree) }
                    #expect(humble.status == seen, "\(humble.standardError)")
                    if seen == status { #expect(humble.standardOutput == usual.standardOutput) }
                    #expect(
                        humble.standardError == usual.standardError
                            + "The token is read-only, so values of `env` were not compared, and changes of them are not shown.\n"
                    )
                }
                for program in [worker, manager] {
                    program.kill(SIGTERM)
                    #expect(await program.ended() == 0)
                }
            }
        }

        @Test func `an unknown name or command is refused with a suggestion`() async throws {
            try await World.with { world in
                try world.service("web")
                let up = try world.start("up")
                try await world.wait(for: "a synced status") {
                    world.workload("web")?["health"] as? String == "Healthy"
                }
                for verb in ["retry", "restart", "suspend", "explain", "logs"] {
                    let refused = try await world.run(verb, "wbe")
                    #expect(refused.status == 1, "\(verb): \(refused.standardOutput)")
                    #expect(refused.standardError.contains("wbe"))
                }
                let unknown = try await world.run("stauts")
                #expect(unknown.status == 64)
                #expect(unknown.standardError.contains("did you mean `cube status`?"))
                let helpless = try await world.run("help", "stauts")
                #expect(helpless.status == 64)
                #expect(helpless.standardError.contains("did you mean `cube status`?"))
                let foreign = try await world.run("explain", "web", "--owner", "somebody")
                #expect(foreign.status == 1, "\(foreign.standardOutput)")
                let open = try await world.run("up", "--manager-listen", "0.0.0.0:0")
                #expect(open.status == 64)
                #expect(open.standardError.contains("--manager-listen: other machines can reach 0.0.0.0:0"))
                for (variable, value) in [("CUBE_MANAGER", "garbage"), ("CUBE_OWNER", "Bad!")] {
                    let wrong = try await world.run(["diff"], through: ["env", "\(variable)=\(value)"])
                    #expect(wrong.status == 64)
                    #expect(wrong.standardError.contains("\(variable): \"\(value)\""), "\(wrong.standardError)")
                }
                let unusable = try await world.run("approve", "xyz")
                #expect(unusable.status == 64)
                #expect(unusable.standardError.contains("cube approve --help"))
                up.kill(SIGTERM)
                #expect(await up.ended() == 0)
            }
        }

        @Test(arguments: [
            ("ulimit -n 200", "only 200, below 256"),
            ("export CUBE_SUPERVISOR=/nowhere", "/nowhere is missing"),
            ("export CUBE_MANIFESTS=/nowhere", "/nowhere: No such file or directory"),
            ("mkdir -p data/manager && echo garbage > data/manager/cube.sqlite", "is not a SQLite database"),
        ])
        func `doctor finds the actual problem, prints a hint, and fails`(trouble: String, finding: String)
            async throws
        {
            try await World.with { world in
                let doctor = try await world.run(
                    ["doctor", "-o", "json"], through: ["sh", "-c", "\(trouble) && exec \"$0\" \"$@\""])
                #expect(doctor.status == 1, "\(doctor.standardError)")
                let findings = try #require(
                    try JSONSerialization.jsonObject(with: Data(doctor.standardOutput.utf8)) as? [[String: String]])
                let bad = findings.filter { $0["verdict"] == "bad" }
                #expect(bad.contains { $0["found"]?.contains(finding) == true }, "\(bad)")
                #expect(bad.allSatisfy { $0["hint"]?.isEmpty == false })
            }
        }

        @Test func `status --watch prints changes and the loss of the reconciler until it is stopped`()
            async throws
        {
            try await World.with { world in
                let watch = try world.start("status", "--watch")
                try world.service("web")
                let up = try world.start("up")
                func told(_ line: String) async throws {
                    try await world.wait(for: "the line \(line)") { watch.text(of: "out").contains(line) }
                }
                try await told(" web Synced, Healthy, 1/1\n")
                try world.service("web", replicas: 2)
                try await told(" web Synced, Healthy, 2/2\n")
                up.kill(SIGKILL)
                try await told(" Not current: no reconciler is running here")
                #expect(watch.text(of: "out").contains(" all Synced, Healthy; 1 workload, 1 healthy\n"))
                watch.kill(SIGINT)
                #expect(await watch.ended() == 0)
            }
        }

        @Test func `status reports that its data is out of date, and why`() async throws {
            try await World.with { world in
                try world.service("web")
                let up = try world.start("up")
                try await world.wait(for: "a synced status") {
                    world.workload("web")?["health"] as? String == "Healthy"
                }
                #expect(try await !world.run("status").standardOutput.contains("Not current"))

                // A directory with the name of the file prevents writing, even for root.
                let obstacle = world.data.appending(path: "status/.summary.json.tmp")
                try FileManager.default.createDirectory(at: obstacle, withIntermediateDirectories: false)
                try world.service("api")
                try await world.wait(for: "a second task") { try world.ledger.living().count == 2 }
                try await world.wait(for: "the error in the log") { up.text(of: "err").contains("cannot write status") }
                let unwritten = try await world.run("status")
                #expect(unwritten.status == 0)
                #expect(unwritten.standardOutput.contains("Not current: the reconciler cannot write the status"))
                #expect(unwritten.standardOutput.contains("Is a directory"))
                try FileManager.default.removeItem(at: obstacle)

                up.kill(SIGSTOP)
                let silent = try await world.run("status", "-o", "json")
                #expect(silent.status == 0)
                #expect(silent.standardOutput.contains("the reconciler does not respond"))
                up.kill(SIGCONT)

                up.kill(SIGINT)
                #expect(await up.ended() == 0)
                let alone = try await world.run("status")
                #expect(alone.standardOutput.contains("no reconciler is running here"))
                #expect(alone.standardOutput.contains("2 tasks are running"))
            }
        }
    }
}
