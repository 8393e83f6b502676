import Foundation
import Glibc
import Testing

extension EndToEndTests {
    /// A manager and a worker that speak TLS with each other, as on two machines.
    @Suite struct FleetTLSTests {
        /// A manager that listens on all addresses, and what a worker on another machine knows of it.
        private struct Fleet {
            let world: World
            /// The address of the manager.
            let url: String
            /// The secret of the role `worker`, and the fingerprint of the manager's authority.
            let secret, fingerprint: String

            var token: String { "\(secret).\(fingerprint)" }

            /// Starts a worker with a data directory of its own, as on another machine.
            @discardableResult
            func worker(_ name: String, token: String?, through prefix: [String] = []) throws -> Program {
                let directory = world.directory.appending(path: "machine-\(name)").path
                let arguments = [
                    "worker", "--name", name, "--data-dir", directory, "--join", url, "--listen", "127.0.0.1:0",
                ]
                return try world.start(
                    arguments, through: ["env"] + (token.map { ["CUBE_TOKEN=\($0)"] } ?? []) + prefix)
            }

            func nodes() async throws -> String { try await world.run("node", "list").standardOutput }

            func identity(of name: String) -> URL {
                world.directory.appending(path: "machine-\(name)/worker/\(name)/identity")
            }
        }

        private static func withFleet(
            lifetime: String = "24h", _ body: (Fleet) async throws -> Void
        ) async throws {
            try await World.with { world in
                try world.start("manager", "--listen", "0.0.0.0:0", "--certificate-lifetime", lifetime)
                try await world.wait(for: "the manager") { world.address("manager") != nil }
                let url = try #require(world.address("manager"))
                #expect(url.hasPrefix("https://127.0.0.1:"))
                let secret = try String(contentsOf: world.data.appending(path: "tokens/worker"), encoding: .utf8)
                let fingerprint = try await Self.fingerprint(world.data.appending(path: "manager/ca/ca.pem"))
                try await body(
                    Fleet(
                        world: world, url: url, secret: secret.trimmingCharacters(in: .whitespacesAndNewlines),
                        fingerprint: fingerprint))
            }
        }

        /// The fingerprint of a certificate, as another program computes it.
        private static func fingerprint(_ file: URL) async throws -> String {
            let text = try await output(
                of: "openssl x509 -in '\(file.path)' -outform DER | sha256sum | cut -d' ' -f1")
            return text.trimmingCharacters(in: .whitespacesAndNewlines)
        }

        private static func output(of script: String) async throws -> String {
            let process = Process()
            let pipe = Pipe()
            process.executableURL = URL(filePath: "/bin/sh")
            process.arguments = ["-c", script]
            process.standardOutput = pipe
            process.standardError = pipe
            try process.run()
            let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            return String(decoding: data, as: UTF8.self)
        }

        @Test func `a worker joins with a token alone, runs a task, and renews its certificate`() async throws {
            try await Self.withFleet(lifetime: "12s") { fleet in
                let world = fleet.world
                try fleet.worker("w1", token: fleet.token)
                try world.start("reconcile")
                try world.service("web")
                try await world.wait(for: "a task") { try world.ledger.living().count == 1 }
                let file = fleet.identity(of: "w1").appending(path: "certificate.pem")
                let first = try String(contentsOf: file, encoding: .utf8)
                try await world.wait(for: "a renewal") { try String(contentsOf: file, encoding: .utf8) != first }
                // The certificate at the start has expired by now, and both sides still talk to each other.
                try await Task.sleep(for: .seconds(15))
                try world.service("later")
                try await world.wait(for: "another task") { try world.ledger.living().count == 2 }
                #expect(try await fleet.nodes().contains("ready"))
            }
        }

        @Test func `a worker with its certificate needs no token after a restart`() async throws {
            try await Self.withFleet { fleet in
                let world = fleet.world
                let first = try fleet.worker("w1", token: fleet.token)
                try await world.wait(for: "the node") { try await fleet.nodes().contains("ready") }
                first.kill(SIGKILL)
                await first.ended()
                try fleet.worker("w1", token: nil)
                try world.start("reconcile")
                try world.service("web")
                try await world.wait(for: "a task") { try world.ledger.living().count == 1 }
            }
        }

        @Test func `a token for another authority is not sent, and the worker says why`() async throws {
            try await Self.withFleet { fleet in
                let wrong = String(fleet.fingerprint.reversed())
                let worker = try fleet.worker("w1", token: "\(fleet.secret).\(wrong)")
                try await fleet.world.wait(for: "a refusal") {
                    worker.text(of: "err").contains("the token was not sent")
                }
                #expect(worker.text(of: "err").contains(fleet.fingerprint))
                #expect(!worker.text(of: "err").contains(fleet.secret))
                #expect(try await !fleet.nodes().contains("w1"))
            }
        }

        @Test func `a worker whose token lacks the fingerprint, or a part of it, says so and where to get another one`()
            async throws
        {
            try await Self.withFleet { fleet in
                for (name, token) in [("w1", fleet.secret), ("w2", String(fleet.token.dropLast()))] {
                    let worker = try fleet.worker(name, token: token)
                    try await fleet.world.wait(for: "the complaint") {
                        worker.text(of: "err").contains("the token has no fingerprint")
                    }
                    let log = worker.text(of: "err")
                    #expect(log.contains("SECRET.FINGERPRINT") && log.contains("`cube manager token worker`"), "\(log)")
                    #expect(!log.contains(fleet.secret) && !log.contains(fleet.fingerprint))
                }
                let login = try await fleet.world.run(
                    ["login", fleet.url], through: ["env", "CUBE_TOKEN=\(fleet.secret)"])
                #expect(login.status == 1)
                #expect(login.standardError.contains("hint: `cube manager token create"), "\(login.standardError)")
            }
        }

        @Test(arguments: [(400 * 86_400, "ahead of"), (-86_400, "behind")])
        func `a clock that is off is reported on both sides, with what to do, until it is set`(
            seconds: Int, word: String
        ) async throws {
            try await Self.withFleet { fleet in
                let world = fleet.world
                let manager = world.log
                let clock = try MovedClock(in: world.directory)
                try clock.move(by: seconds)
                let worker = try fleet.worker("w1", token: fleet.token, through: clock.prefix)
                try await world.wait(for: "the report of the worker") {
                    worker.text(of: "err").contains("\(word) the clock of the server; set the clocks")
                }
                try await world.wait(for: "the report of the manager") { manager().contains("clock") }
                #expect(try await !fleet.nodes().contains("w1"))
                try clock.move(by: 0)
                try await world.wait(for: "the node") { try await fleet.nodes().contains("ready") }
            }
        }

        @Test func `a certificate of the user is used as soon as its files are replaced, and only with its key`()
            async throws
        {
            try await World.with { world in
                let files = world.directory.path
                func make(_ name: String) async throws {
                    _ = try await Self.output(
                        of: """
                            cd '\(files)' && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 \
                                -subj /CN=\(name) -addext subjectAltName=IP:127.0.0.1 -keyout \(name).key -out \(name).pem
                            """)
                }
                for name in ["first", "second", "third"] { try await make(name) }
                func put(certificate: String? = nil, key: String? = nil) throws {
                    for (source, target) in [
                        (key.map { "\($0).key" }, "tls.key"), (certificate.map { "\($0).pem" }, "tls.pem"),
                    ] {
                        guard let source else { continue }
                        #expect(rename("\(files)/\(source)", "\(files)/\(target)") == 0)
                    }
                }
                try put(certificate: "first", key: "first")
                let manager = try world.start(
                    "manager", "--listen", "0.0.0.0:0", "--tls-certificate", "\(files)/tls.pem", "--tls-key",
                    "\(files)/tls.key")
                try await world.wait(for: "the manager") { world.address("manager") != nil }
                let address = try #require(world.address("manager")?.split(separator: "/").last)
                func subject() async throws -> String {
                    try await Self.output(
                        of: "openssl s_client -connect \(address) </dev/null 2>/dev/null | openssl x509 -noout -subject"
                    )
                }
                try await world.wait(for: "the first certificate") { try await subject().contains("first") }
                // The certificate of one file does not belong to the key of the other.
                try put(certificate: "second")
                try await world.wait(for: "the complaint") {
                    manager.text(of: "err").contains("the former one stays in use")
                }
                #expect(try await subject().contains("first"))
                try put(key: "second")
                try await world.wait(for: "the second certificate") { try await subject().contains("second") }
                try put(certificate: "third", key: "third")
                try await world.wait(for: "the third certificate") { try await subject().contains("third") }
                #expect(manager.isRunning)
            }
        }

        @Test func `a stranger with a token and without a certificate gets nowhere`() async throws {
            try await Self.withFleet { fleet in
                let world = fleet.world
                try fleet.worker("w1", token: fleet.token)
                try await world.wait(for: "the node") { try await fleet.nodes().contains("ready") }
                let node = try await world.run("node", "show", "w1", "-o", "json").standardOutput
                let object = try #require(try JSONSerialization.jsonObject(with: Data(node.utf8)) as? [String: Any])
                let worker = try #require(object["url"] as? String)
                #expect(worker.hasPrefix("https://"))
                func status(_ url: String, token: String = fleet.secret, _ more: String = "") async throws -> String {
                    try await Self.output(
                        of:
                            "curl -sk -o /dev/null -w '%{http_code}' -H 'Authorization: Bearer \(token)' \(more) '\(url)'"
                    )
                }
                // At the worker, no token permits anything.
                let write = try String(contentsOf: world.data.appending(path: "tokens/write"), encoding: .utf8)
                    .trimmingCharacters(in: .whitespacesAndNewlines)
                for path in ["tasks?term=1&cluster=x", "info", "status", "metrics"] {
                    for token in [fleet.secret, write] {
                        #expect(try await status("\(worker)/api/v1/worker/\(path)", token: token) == "401")
                    }
                }
                #expect(try await status("\(worker)/healthz") == "200")
                // At the manager, the token registers no worker.
                let body = "-X POST -H 'Content-Type: application/json' -d '\(Self.registration(object, at: worker))'"
                #expect(try await status("\(fleet.url)/api/v1/manager/workers", body) == "401")
                // A second machine cannot take the name of the first one.
                let thief = world.directory.appending(path: "thief").path
                let second = try world.start(
                    [
                        "worker", "--name", "w1", "--data-dir", thief, "--join", fleet.url, "--listen", "127.0.0.1:0",
                    ], through: ["env", "CUBE_TOKEN=\(fleet.token)"])
                try await world.wait(for: "a refusal") {
                    second.text(of: "err").contains("has a certificate for another key")
                }
            }
        }

        private static func registration(_ node: [String: Any], at url: String) -> String {
            var body: [String: Any] = [
                "name": "w9", "url": url, "boot_id": "b", "incarnation": "i", "version": "0.1.0",
            ]
            for key in ["runtimes", "labels", "capacity"] { body[key] = node[key] }
            // The values come from JSON, so they are valid.
            let data = (try? JSONSerialization.data(withJSONObject: body)) ?? Data()
            return String(decoding: data, as: UTF8.self)
        }

        @Test func `a forgotten node is locked out until it joins anew`() async throws {
            try await Self.withFleet { fleet in
                let world = fleet.world
                let first = try fleet.worker("w1", token: fleet.token)
                try await world.wait(for: "the node") { try await fleet.nodes().contains("ready") }
                let forgotten = try await world.run("node", "forget", "w1")
                #expect(forgotten.status == 0, "\(forgotten.standardError)")
                // The worker notices when it registers again, because the manager no longer calls it.
                try await world.wait(for: "a refusal", within: .seconds(90)) {
                    first.text(of: "err").contains("was revoked")
                }
                #expect(first.text(of: "err").contains("cube worker rejoin"))
                #expect(try await !fleet.nodes().contains("w1"))
                // Neither a restart nor the token helps.
                first.kill(SIGTERM)
                await first.ended()
                let second = try fleet.worker("w1", token: fleet.token)
                try await world.wait(for: "another refusal") { second.text(of: "err").contains("was revoked") }
                second.kill(SIGTERM)
                await second.ended()
                #expect(try await !fleet.nodes().contains("w1"))

                let directory = world.directory.appending(path: "machine-w1").path
                let rejoin = try await world.run("worker", "rejoin", "--data-dir", directory)
                #expect(rejoin.status == 0, "\(rejoin.standardError)")
                try fleet.worker("w1", token: fleet.token)
                try await world.wait(for: "the node") { try await fleet.nodes().contains("ready") }
            }
        }

        @Test func `a worker refuses the token of another cluster until it has left its own`() async throws {
            try await Self.withFleet { fleet in
                let first = try fleet.worker("w1", token: fleet.token)
                try await fleet.world.wait(for: "the node") { try await fleet.nodes().contains("ready") }
                first.kill(SIGTERM)
                await first.ended()
                let wrong = String(fleet.fingerprint.reversed())
                let second = try fleet.worker("w1", token: "\(fleet.secret).\(wrong)")
                #expect(await second.ended() == 1)
                #expect(second.text(of: "err").contains("cube worker rejoin"))
            }
        }
    }
}
