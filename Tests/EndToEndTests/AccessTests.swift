import Foundation
import Glibc
import Testing

extension EndToEndTests {
    /// Tokens of `cube manager token`, and contexts of `cube login`.
    @Suite struct AccessTests {
        /// Starts a manager on its own, and returns its program and its address.
        private func manager(
            _ world: World, listen: String? = nil
        ) async throws -> (program: Program, address: String) {
            let program = try world.start("manager", "--listen", listen ?? "127.0.0.1:0", "--verbose")
            // After a kill, the address of the killed manager remains until the next one listens.
            try await world.wait(for: "a manager") { try await world.run("node", "list").status == 0 }
            return (program, try #require(world.address("manager")))
        }

        private func issue(_ name: String, _ role: String, _ world: World, _ options: String...) async throws -> String
        {
            let output = try await world.run(
                ["manager", "token", "create", name, "--role", role] + options)
            #expect(output.status == 0, "\(output.standardError)")
            let token = output.standardOutput.trimmingCharacters(in: .newlines)
            #expect(token.wholeMatch(of: /[0-9a-f]{64}/) != nil, "\(token)")
            return token
        }

        /// Runs `cube` as on a machine without the data directory of the manager.
        private func elsewhere(
            _ world: World, _ variables: [String] = [], _ arguments: String...
        ) async throws -> World.Output {
            try await world.run(
                arguments, through: ["env", "CUBE_DATA_DIR=\(world.directory.path)/elsewhere"] + variables)
        }

        @Test func `a token works until it is revoked, survives a restart, and leaves no trace of its secret`()
            async throws
        {
            try await World.with { world in
                var (program, address) = try await manager(world)
                let token = try await issue("ci", "write", world, "--for", "2d")
                func lists() async throws -> World.Output {
                    try await elsewhere(
                        world, ["CUBE_TOKEN=\(token)", "CUBE_MANAGER=\(address)"], "node", "list")
                }
                #expect(try await lists().status == 0)
                let taken = try await world.run("manager", "token", "create", "ci", "--role", "read")
                #expect(taken.status == 1 && taken.standardError.contains("token ci exists already"))

                program.kill(SIGKILL)
                await program.ended()
                (program, address) = try await manager(world)
                #expect(try await lists().status == 0)
                let listed = try await world.run("manager", "token", "list")
                #expect(
                    listed.standardOutput.contains("ci") && listed.standardOutput.contains("local:write from 127.0.0.1")
                )

                let drained = try await elsewhere(
                    world, ["CUBE_TOKEN=\(token)", "CUBE_MANAGER=\(address)"], "task", "run", "--name", "web", "--",
                    "sleep", "9")
                #expect(drained.status == 0, "\(drained.standardError)")
                let events = try await world.run("events")
                #expect(events.standardOutput.contains("by token:ci from 127.0.0.1"), "\(events.standardOutput)")

                #expect(try await world.run("manager", "token", "revoke", "ci").status == 0)
                let refused = try await lists()
                #expect(refused.status == 1 && refused.standardError.contains("it may have been revoked"))
                program.kill(SIGTERM)
                await program.ended()

                // The secret occurs only in the output of the command that created it.
                let grep = try await world.run(
                    ["version"],
                    through: [
                        "sh", "-c", #"grep -rlF "$0" "$1" | grep -v '\.out$'; exec true"#, token, world.directory.path,
                    ])
                #expect(grep.standardOutput == "", "\(grep.standardOutput)")
            }
        }

        @Test func `an expired token is refused with its name and time`() async throws {
            try await World.with { world in
                let (program, address) = try await manager(world)
                let token = try await issue("brief", "read", world, "--for", "1s")
                try await world.wait(for: "the end of the token") {
                    let output = try await elsewhere(
                        world, ["CUBE_TOKEN=\(token)", "CUBE_MANAGER=\(address)"], "node", "list")
                    return output.status == 1 && output.standardError.contains("token brief expired at ")
                }
                program.kill(SIGTERM)
                await program.ended()
            }
        }

        @Test func `the printed command starts a worker of its manager`() async throws {
            try await World.with { world in
                let (program, address) = try await manager(world)
                let output = try await world.run("manager", "token", "worker")
                let words = output.standardOutput.split(whereSeparator: \.isWhitespace).map(String.init)
                #expect(output.status == 0 && words.count == 5)
                #expect(words.dropFirst().joined(separator: " ") == "cube worker --join \(address)")
                #expect(output.standardError.contains("Only workers on this machine"))
                let token = try #require(words.first)
                let worker = try world.start(
                    ["worker", "--join", address, "--name", "two", "--listen", "127.0.0.1:0"],
                    through: ["env", "CUBE_DATA_DIR=\(world.directory.path)/elsewhere", token])
                try await world.wait(for: "the node") {
                    try await world.run("node", "list").standardOutput.contains(/two +ready/)
                }
                for part in [worker, program] {
                    part.kill(SIGTERM)
                    await part.ended()
                }
            }
        }

        @Test(.enabled(if: geteuid() == 0, "only root can become another user"))
        func `another user of the machine gets nowhere`() async throws {
            try await World.with { world in
                let other = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
                func shell(_ script: String, as user: [String] = []) async throws -> World.Output {
                    try await world.run([], through: user + ["sh", "-c", script])
                }
                let path = "/api/v1/manager/owners"
                let (program, address) = try await manager(world)
                for file in ["tokens/read", "tokens/write", "tokens/worker", "manager/cube.sqlite"] {
                    let show = "cat \(world.data.path)/\(file)"
                    #expect(try await shell(show).status == 0)
                    let output = try await shell(show, as: other)
                    #expect(output.status != 0 && output.standardOutput == "", "\(file)")
                }
                let status = "curl -s -o /dev/null -w '%{http_code}' \(address)\(path)"
                #expect(try await shell(status, as: other).standardOutput == "401")
                program.kill(SIGTERM)
                await program.ended()

                let socket = world.socket("m")
                let (local, _) = try await manager(world, listen: "unix:\(socket)")
                let call = "curl -s --unix-socket \(socket) http://localhost\(path)"
                #expect(try await shell(call).standardOutput.contains("owners"))
                let refused = try await shell(call, as: other)
                #expect(refused.status != 0 && refused.standardOutput == "")
                local.kill(SIGTERM)
                await local.ended()
            }
        }

        @Test func `a login is used by commands after flags and variables, and errors name it`() async throws {
            try await World.with { world in
                let (program, address) = try await manager(world)
                let token = try await issue("alice", "read", world)
                let unknown = try await elsewhere(world, ["CUBE_TOKEN=wrong"], "login", address)
                #expect(unknown.status == 1)
                let contexts = world.directory.appending(path: ".config/cube/contexts.json")
                #expect(!FileManager.default.fileExists(atPath: contexts.path))

                let login = try await elsewhere(world, ["CUBE_TOKEN=\(token)"], "login", address, "--name", "shop")
                #expect(login.status == 0, "\(login.standardError)")
                let mode = try FileManager.default.attributesOfItem(atPath: contexts.path)[.posixPermissions] as? Int
                #expect(mode == 0o600)
                #expect(try await elsewhere(world, [], "node", "list").status == 0)
                let refused = try await elsewhere(world, [], "node", "drain", "w1")
                #expect(refused.status == 1)
                #expect(refused.standardError.contains("context: shop (\(address))"), "\(refused.standardError)")

                // A flag and a variable take precedence over the context.
                for variables in [["CUBE_MANAGER=http://127.0.0.1:1"], ["CUBE_CONTEXT=local"]] {
                    let other = try await elsewhere(world, variables, "node", "list")
                    #expect(
                        other.status == 1 && !other.standardError.contains("context: shop"), "\(other.standardError)")
                }
                let flag = try await elsewhere(
                    world, ["CUBE_MANAGER=http://127.0.0.1:1"], "node", "list", "--context", "shop")
                #expect(flag.status == 0, "\(flag.standardError)")
                let both = try await elsewhere(
                    world, [], "node", "list", "--context", "shop", "--manager", address)
                #expect(both.status == 64)

                // The counterpart of `cube up` never acts on the current context.
                let down = try await elsewhere(world, [], "down")
                #expect(!down.standardError.contains("context: shop"), "\(down.standardError)")

                let listed = try await world.run("context", "list", "-o", "json")
                #expect(listed.standardOutput.contains("shop") && !listed.standardOutput.contains(token))
                #expect(try await world.run("context", "use", "local").status == 0)
                #expect(try await elsewhere(world, [], "node", "list").status == 1)
                #expect(try await world.run("context", "remove", "shop").status == 0)
                let gone = try await elsewhere(world, [], "node", "list", "--context", "shop")
                #expect(gone.standardError.contains("there is no context shop"))
                #expect(!(try String(contentsOf: contexts, encoding: .utf8)).contains(token))
                program.kill(SIGTERM)
                await program.ended()
            }
        }

        @Test func `the token of a login comes from a pipe or from a terminal that does not show it`() async throws {
            try await World.with { world in
                let (program, address) = try await manager(world)
                let token = try await issue("alice", "read", world)
                let piped = try await world.run(
                    ["login", address, "--name", "piped"],
                    through: ["sh", "-c", #"token=$0; echo "$token" | "$@""#, token])
                #expect(piped.status == 0, "\(piped.standardError)")

                let terminal = try PseudoTerminal(columns: 80, rows: 24)
                let typed = try world.start(["login", address, "--name", "typed"], through: terminal.prefix)
                try await world.wait(for: "the prompt") { terminal.shows("Token for \(address): ") }
                terminal.type("\(token)x\u{7f}\n")
                #expect(await typed.ended() == 0)
                #expect(terminal.shows("The context typed is in use."), "\(terminal.screen)")
                #expect(!terminal.screen.contains(token) && terminal.isCooked)
                program.kill(SIGTERM)
                await program.ended()
            }
        }

        @Test func `a file of contexts that others can read is refused`() async throws {
            try await World.with { world in
                let directory = world.directory.appending(path: ".config/cube")
                try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
                let file = directory.appending(path: "contexts.json")
                try Data(#"{"contexts": {}}"#.utf8).write(to: file)
                chmod(file.path, 0o644)
                let refused = try await world.run("context", "list")
                #expect(refused.status == 1 && refused.standardError.contains("chmod 600"))
                chmod(file.path, 0o600)
                #expect(try await world.run("context", "list").status == 0)
                try Data(#"{"contexts": "secret"}"#.utf8).write(to: file)
                chmod(file.path, 0o600)
                let broken = try await world.run("context", "list")
                #expect(broken.status == 1 && !broken.standardError.contains("secret"))
            }
        }
    }
}
