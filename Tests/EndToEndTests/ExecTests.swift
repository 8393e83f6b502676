import Foundation
import Glibc
import Testing

extension EndToEndTests {
    /// `cube exec` from a user's view.
    @Suite struct ExecTests {
        private func withWeb(_ test: (World) async throws -> Void) async throws {
            try await World.with { world in
                try world.write(
                    "web",
                    ["name": "web", "replicas": 2, "command": ["sleep", "1000"], "env": ["SECRET": "hunter2"]])
                try world.start("up")
                let wait = try await world.run("status", "--wait", "web", "--timeout", "60s")
                #expect(wait.status == 0, "\(wait.standardError)")
                try await test(world)
            }
        }

        @Test func `exec passes on streams, exit code and input, and is recorded in the history`() async throws {
            try await withWeb { world in
                let plain = try await world.run(
                    "exec", "web", "--", "sh", "-c", "echo $CUBE_ORDINAL; echo no >&2; exit 7")
                #expect(plain.status == 7)
                #expect(plain.standardOutput == "0\n" && plain.standardError == "no\n")
                let second = try await world.run(
                    "exec", "web/1", "-e", "A=b c", "--", "sh", "-c", "echo $CUBE_ORDINAL $A")
                #expect(second.status == 0 && second.standardOutput == "1 b c\n", "\(second.standardError)")
                let piped = try await world.run(
                    ["exec", "web", "-i", "--", "sh", "-c", "cat; exit 3"],
                    through: ["sh", "-c", #"head -c 1000000 /dev/zero | "$0" "$@""#])
                #expect(piped.status == 3 && piped.standardOutput.utf8.count == 1_000_000)
                let head = try await world.run(
                    ["exec", "web", "--", "sh", "-c", "while :; do echo line; done"],
                    through: ["sh", "-c", #""$0" "$@" | head -n 1"#])
                #expect(head.status == 0 && head.standardOutput == "line\n", "\(head.standardError)")

                let events = try await world.run("events")
                #expect(events.standardOutput.contains("exec_started"), "\(events.standardError)")
                #expect(!events.standardOutput.contains("exit 7"))
            }
        }

        @Test func `what exec cannot do has an exit code and a message that names it`() async throws {
            try await withWeb { world in
                let missing = try await world.run("exec", "web", "--", "no-such-program")
                #expect(missing.status == 127 && missing.standardError.contains("no-such-program"))
                let nobody = try await world.run("exec", "nobody", "--", "true")
                #expect(nobody.status == 125 && nobody.standardError.contains("no task of nobody"))
                let unseparated = try await world.run("exec", "web", "ls")
                #expect(unseparated.status == 64 && unseparated.standardError.contains("cube exec web -- ls"))
                let tty = try await world.run("exec", "web", "-it", "--", "sh")
                #expect(tty.status == 64 && tty.standardError.contains("--tty needs a terminal"))
            }
        }

        @Test func `exec fails if the output of the command cannot be written`() async throws {
            try await withWeb { world in
                let full = try await world.run(
                    ["exec", "web", "--", "echo", "hi"], through: ["sh", "-c", #"exec "$0" "$@" > /dev/full"#])
                #expect(full.status == 125)
                #expect(
                    full.standardError.contains("cannot write to standard output: No space left on device"),
                    "\(full.standardError)")
                let errors = try await world.run(
                    ["exec", "web", "--", "sh", "-c", "echo hi >&2"],
                    through: ["sh", "-c", #"exec "$0" "$@" 2> /dev/full"#])
                #expect(errors.status == 125)
            }
        }

        @Test func `exec in a terminal is raw, follows its size, and restores it at every end`() async throws {
            try await withWeb { world in
                let terminal = try PseudoTerminal(columns: 91, rows: 33)
                let shell = try world.start(
                    [
                        "exec", "web/1", "-it", "--", "sh", "-c",
                        "stty size; trap 'echo int' INT; while :; do read l; $l; done",
                    ],
                    through: terminal.prefix)
                try await world.wait(for: "the size") { terminal.shows("33 91\r\n") }
                #expect(!terminal.isCooked)
                terminal.resize(columns: 70, rows: 20)
                terminal.type("stty size\r")
                try await world.wait(for: "the new size") {
                    if terminal.shows("20 70\r\n") { return true }
                    terminal.type("stty size\r")
                    return false
                }
                terminal.type("\u{3}")
                try await world.wait(for: "the signal") { terminal.shows("int\r\n") }
                terminal.type("exit 5\r")
                #expect(await shell.ended() == 5)
                #expect(terminal.isCooked)

                let other = try world.start(["exec", "web", "-it", "--", "sh"], through: terminal.prefix)
                try await world.wait(for: "raw mode") { !terminal.isCooked }
                try await world.wait(for: "the shell") {
                    terminal.type("echo $((6 * 7))\r")
                    return terminal.shows("42\r\n")
                }
                other.kill(SIGTERM)
                #expect(await other.ended() == 143)
                #expect(terminal.isCooked)
            }
        }

        @Test func `Ctrl-C without a terminal ends the command`() async throws {
            try await withWeb { world in
                let exec = try world.start(
                    "exec", "web", "--", "sh", "-c",
                    "trap 'echo ended >>\(world.ledger.file.path); exit' HUP; echo up; while :; do sleep 0.1; done")
                try await world.wait(for: "the command") { exec.text(of: "out") == "up\n" }
                exec.kill(SIGINT)
                #expect(await exec.ended() == 130)
                try await world.wait(for: "the end of the command") {
                    // The file may not exist yet.
                    (try? String(contentsOf: world.ledger.file, encoding: .utf8)) == "ended\n"
                }
            }
        }

        @Test func `a session survives a manager that is killed and comes back`() async throws {
            try await World.with { world in
                try world.write("web", ["name": "web", "command": ["sleep", "1000"]])
                // Worker and manager are separate, and the worker stays.
                let listen = world.socket("m")
                var manager = try world.start("manager", "--listen", "unix:\(listen)")
                try await world.wait(for: "the manager") { world.address("manager") != nil }
                try world.start("worker", "--join", "unix:\(listen)", "--listen", "unix:\(world.socket("w"))")
                try world.start("reconcile", "--manager", "unix:\(listen)")
                let wait = try await world.run("status", "--wait", "web", "--timeout", "60s")
                #expect(wait.status == 0, "\(wait.standardError)")
                let gate = world.directory.appending(path: "gate").path
                let exec = try world.start(
                    "exec", "web", "--", "sh", "-c",
                    "echo one; until [ -e \(gate) ]; do sleep 0.1; done; echo two; exit 4")
                try await world.wait(for: "output") { exec.text(of: "out") == "one\n" }
                manager.kill(SIGKILL)
                #expect(await manager.ended() == -SIGKILL)
                try Data().write(to: URL(filePath: gate))
                manager = try world.start("manager", "--listen", "unix:\(listen)")
                #expect(await exec.ended() == 4)
                #expect(exec.text(of: "out") == "one\ntwo\n", "\(exec.text(of: "err"))")
            }
        }
    }
}
