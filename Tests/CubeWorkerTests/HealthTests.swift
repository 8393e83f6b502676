import CubeCore
import CubeTypes
import Foundation
import Glibc
import Testing

@testable import CubeWorker

@Suite(.timeLimit(.minutes(2)))
struct HealthTests {
    private static let forever = "while :; do sleep 0.05; done"

    private static func check(
        http: HTTPProbe? = nil, tcp: TCPProbe? = nil, command: [String] = [], interval: Duration = .milliseconds(20),
        timeout: Duration = .seconds(30), retries: Int = 1
    ) -> HealthCheck {
        HealthCheck(
            http: http, tcp: tcp, command: command, interval: interval, timeout: timeout, retries: retries,
            startPeriod: .zero)
    }

    @Test func `A command check runs in the task's environment, and the task is ready while the check passes`()
        async throws
    {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let assignment = TaskAssignment.script(Self.forever) {
                    $0.env = ["GATE": "open"]
                    $0.health.ready = Self.check(command: ["sh", "-c", "echo it is; test -e \"$(GATE)\""])
                }
                try await worker.assign(assignment)
                let waiting = try await worker.task(assignment.id) {
                    $0.state == .running && $0.message?.contains("exit code 1: it is") == true
                }
                #expect(!waiting.ready && waiting.reason == .notReady)
                let gate = "\(world.store.directory(of: assignment.id))/work/open"
                try Data().write(to: URL(filePath: gate))
                try await worker.task(assignment.id) { $0.ready }
                try LocalFiles.remove(gate)
                try await worker.task(assignment.id) { $0.state == .running && !$0.ready }
                try await worker.stop(assignment.id)
                #expect(try await worker.ended(assignment.id).restarts == 0)
            }
        }
    }

    @Test func `A check command that exceeds its timeout fails and is killed with all its descendants`() async throws {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let assignment = TaskAssignment.script(Self.forever) {
                    $0.health.ready = Self.check(
                        command: ["sh", "-c", "setsid sleep 1000 & echo $! > child; wait"], interval: .seconds(1000),
                        timeout: .milliseconds(200))
                }
                try await worker.assign(assignment)
                let task = try await worker.task(assignment.id) { $0.message?.contains("timed out") == true }
                #expect(task.message?.contains("timed out after 200 ms") == true)
                let child = "\(world.store.directory(of: assignment.id))/work/child"
                #expect(try !isAlive(String(contentsOfFile: child, encoding: .utf8)))
                try await worker.stop(assignment.id)
                #expect(try await worker.ended(assignment.id).state == .stopped)
            }
        }
    }

    @Test func `A run that failed its live check is asked to end again until the request succeeds`() async throws {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let assignment = TaskAssignment.script(Self.forever) {
                    $0.health.live = Self.check(command: ["sh", "-c", "test ! -e broken"])
                }
                try await worker.assign(assignment)
                try await worker.task(assignment.id, reaches: .running)
                // A directory with the name of the file prevents writing, even for root.
                let obstacle = "\(world.runDirectory(assignment.id).path)/stop"
                for path in [obstacle, obstacle + "/full"] { try LocalFiles.makeDirectory(path) }
                try Data().write(
                    to: URL(filePath: "\(world.store.directory(of: assignment.id))/work/broken"))
                let unhealthy = try await worker.task(assignment.id) { $0.reason == .unhealthy }
                #expect(unhealthy.state == .running)
                try LocalFiles.remove(obstacle)
                let ended = try await worker.ended(assignment.id)
                #expect(ended.state == .failed && ended.reason == .unhealthy)
            }
        }
    }

    @Test func `When a task is stopped, its running check ends and leaves no process behind`() async throws {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let assignment = TaskAssignment.script(
                    "while ! test -e child; do sleep 0.01; done; echo ready; sleep 1000"
                ) {
                    $0.health.live = Self.check(
                        command: ["sh", "-c", "echo $$ > new; mv new child; sleep 1000"], timeout: .seconds(1000))
                }
                try await worker.assign(assignment)
                try await worker.output(assignment.id, until: "ready")
                let child = try String(
                    contentsOfFile: "\(world.store.directory(of: assignment.id))/work/child", encoding: .utf8)
                let process = try ProcessDescriptor(#require(pid_t(child.dropLast())))
                try await worker.stop(assignment.id)
                #expect(try await worker.ended(assignment.id).state == .stopped)
                try await process?.end()
            }
        }
    }

    @Test func `A failed live check ends the run, and the task restarts`() async throws {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                // Each run prints a line when its check has passed.
                let assignment = TaskAssignment.script(
                    """
                    trap 'exit 0' TERM; rm -f passed; echo >> runs; touch alive
                    while ! test -e passed; do sleep 0.01; done; echo "checked $(wc -l < runs)"; \(Self.forever)
                    """,
                    restart: RestartPolicy(policy: .onFailure, max: 1, backoff: .milliseconds(100)),
                    {
                        $0.health.live = Self.check(command: ["sh", "-c", "test -e alive && touch passed"])
                        $0.health.live?.startPeriod = .seconds(1000)
                    })
                try await worker.assign(assignment)
                let alive = "\(world.store.directory(of: assignment.id))/work/alive"
                try await worker.output(assignment.id, until: "checked 1")
                try LocalFiles.remove(alive)
                try await worker.output(assignment.id, until: "checked 2")
                let second = try await worker.task(assignment.id) { $0.run == 2 && $0.state == .running }
                #expect(second.restarts == 1)
                #expect(second.exit?.code == 0)
                try LocalFiles.remove(alive)
                let task = try await worker.ended(assignment.id)
                #expect(task.state == .failed)
                #expect(task.reason == .restartsUsedUp)
                #expect(task.message?.hasPrefix("live check failed: exit code 1") == true, "\(task.message ?? "")")
            }
        }
    }

    @Test(arguments: [AF_INET, AF_INET6])
    func `A tcp check passes if a server listens on either loopback address`(family: Int32) async throws {
        try await WorkerWorld.with { world in
            try await world.worker { try await Self.tcp($0, family, try Listener.freePort()) }
        }
    }

    private static func tcp(_ worker: RunningWorker, _ family: Int32, _ port: Int) async throws {
        let assignment = TaskAssignment.script(forever) {
            $0.health.ready = Self.check(tcp: TCPProbe(port: .number(port)))
        }
        try await worker.assign(assignment)
        let waiting = try await worker.task(assignment.id) { $0.message?.contains("refused") == true }
        #expect(!waiting.ready)
        let listener = try Listener(port: port, family: family)
        try await worker.task(assignment.id) { $0.ready }
        listener.close()
        try await worker.task(assignment.id) { $0.state == .running && !$0.ready }
    }

    @Test(
        arguments: [
            ("HTTP/1.1 200 OK\r\n\r\n", nil), ("HTTP/1.0 302 Found\r\n\r\n", nil),
            ("HTTP/1.1 503 Busy\r\n\r\n", " answered 503"), ("SSH-2.0-x\r\n", ": the response is not HTTP"),
            ("", ": the connection was closed without a response"), (nil, ": no response within 200ms"),
        ] as [(String?, String?)])
    func `An http check passes or fails by the status code of the response`(answer: String?, failure: String?)
        async throws
    {
        let port = try Listener.freePort()
        let listener = try Listener(port: port, answering: answer)
        defer { listener.close() }
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let assignment = TaskAssignment.script(Self.forever) {
                    $0.health.ready = Self.check(
                        http: HTTPProbe(port: .number(port), path: "/ready?a=b"),
                        timeout: answer == nil ? .milliseconds(200) : .seconds(30))
                }
                try await worker.assign(assignment)
                let task = try await worker.task(assignment.id) {
                    $0.state == .running && ($0.ready || $0.message?.hasPrefix("ready check failed") == true)
                }
                #expect(task.ready == (failure == nil))
                if let failure {
                    #expect(task.message == "ready check failed: GET /ready?a=b on port \(port)\(failure)")
                }
            }
        }
        if answer != nil {
            #expect(listener.request?.hasPrefix("GET /ready?a=b HTTP/1.1\r\nHost: localhost:\(port)\r\n") == true)
        }
    }

    @Test func `A check by port name uses the port in the task's variable`() async throws {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let port = try Listener.freePort()
                let listener = try Listener(port: port)
                defer { listener.close() }
                var assignment = TaskAssignment.script("") {
                    $0.command = ["sh", "-c", "echo $PORT_HTTP; echo $0; \(Self.forever)", "$(PORT_HTTP)"]
                    $0.ports = [PortSpec(name: "http")]
                    $0.health.ready = Self.check(tcp: TCPProbe(port: .name("http")))
                }
                assignment.ports = ["http": port]
                try await worker.assign(assignment)
                try await worker.task(assignment.id) { $0.ready }
                #expect(try await worker.output(assignment.id, until: "\(port)\n\(port)") == "")
            }
        }
    }

    @Test func `Checks change during a run without a restart`() async throws {
        try await WorkerWorld.with { world in
            try await world.worker { worker in
                let assignment = TaskAssignment.script(Self.forever)
                try await worker.assign(assignment)
                try await worker.task(assignment.id) { $0.ready }
                var definition = assignment.definition
                func change(_ health: HealthChecks) async throws {
                    definition.health = health
                    _ = try await worker.service.updateSettings(
                        assignment.id,
                        TaskSettings(
                            cluster: WorkerWorld.cluster, term: 1, placement: 1, definition: definition))
                }
                try await change(HealthChecks(ready: Self.check(command: ["false"])))
                try await worker.task(assignment.id) { $0.state == .running && !$0.ready }
                try await change(HealthChecks(ready: Self.check(command: ["true"], interval: .seconds(1000))))
                try await worker.task(assignment.id) { $0.ready }
                try await change(.none)
                let task = try await worker.task(assignment.id) { $0.ready }
                #expect(task.run == 1)
            }
        }
    }

    @Test func `After a restart of the worker, a ready task stays ready from the first report until its check fails`()
        async throws
    {
        try await WorkerWorld.with { world in
            let assignment = TaskAssignment.script(Self.forever) {
                $0.health.ready = Self.check(command: ["test", "-e", "open"])
            }
            let gate = "\(world.store.directory(of: assignment.id))/work/open"
            try await world.worker { worker in
                try await worker.assign(assignment)
                try await worker.task(assignment.id) { $0.state == .running }
                try Data().write(to: URL(filePath: gate))
                try await worker.task(assignment.id) { $0.ready }
            }
            try await world.worker { worker in
                #expect(try await worker.list().tasks.first?.ready == true)
                try LocalFiles.remove(gate)
                try await worker.task(assignment.id) { $0.state == .running && !$0.ready }
            }
        }
    }

    @Test func `The checks of 500 tasks do not use a thread each`() async throws {
        try await WorkerWorld.with { world in
            let port = try Listener.freePort()
            let listener = try Listener(port: port)
            defer { listener.close() }
            try await world.worker { worker in
                let probe = await worker.service.prober
                let assignment = TaskAssignment.script("")
                let check = Self.check(http: HTTPProbe(port: .number(port)), timeout: .seconds(2))
                let before = try LocalFiles.names(in: "/proc/self/task").count
                let run = RunIdentity(task: assignment.id, placement: 1, number: 1, boot: "")
                let outcomes = await withTaskGroup { group in
                    for _ in 0..<500 { group.addTask { await probe.probe(run, .ready, of: assignment, by: check) } }
                    var (outcomes, threads) = (0, 0)
                    for await outcome in group {
                        if outcome == .failed("GET / on port \(port): no response within 2s") { outcomes += 1 }
                        // A failed read only reduces the number of samples.
                        threads = max(threads, (try? LocalFiles.names(in: "/proc/self/task").count) ?? 0)
                    }
                    #expect(threads < before + 250, "\(before) threads became \(threads)")
                    return outcomes
                }
                #expect(outcomes == 500)
            }
        }
    }
}

/// A server that listens on a loopback address and answers every connection.
///
/// The type is unchecked because the compiler does not see that `lock` guards `seen`, the only mutable property.
final class Listener: @unchecked Sendable {
    private let socket: Int32
    private let lock = NSLock()
    private var seen: String?

    /// The first request.
    var request: String? { lock.withLock { seen } }

    init(port: Int, family: Int32 = AF_INET, answering answer: String? = nil) throws {
        socket = try Self.bound(port: port, family: family)
        try #require(listen(socket, 512) == 0)
        guard let answer else { return }
        let socket = socket
        Thread.detachNewThread { [self] in
            while case let connection = accept(socket, nil, nil), connection >= 0 {
                var bytes = [UInt8](repeating: 0, count: 4096)
                let count = recv(connection, &bytes, bytes.count, 0)
                lock.withLock { seen = seen ?? String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self) }
                _ = answer.withCString { send(connection, $0, strlen($0), Int32(MSG_NOSIGNAL)) }
                Glibc.close(connection)
            }
        }
    }

    func close() {
        shutdown(socket, Int32(SHUT_RDWR))
        Glibc.close(socket)
    }

    /// Returns a port on which no server listens; it was free a moment ago.
    static func freePort() throws -> Int {
        let socket = try bound(port: 0, family: AF_INET)
        defer { Glibc.close(socket) }
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &size) }
        }
        try #require(result == 0)
        return Int(in_port_t(bigEndian: address.sin_port))
    }

    private static func bound(port: Int, family: Int32) throws -> Int32 {
        let socket = Glibc.socket(family, Int32(SOCK_STREAM.rawValue), 0)
        var yes: Int32 = 1
        setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, 4)
        func bind<Address>(_ address: Address) -> Int32 {
            withUnsafePointer(to: address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Glibc.bind(socket, $0, socklen_t(MemoryLayout<Address>.size))
                }
            }
        }
        let result =
            if family == AF_INET {
                bind(
                    sockaddr_in(
                        sin_family: sa_family_t(AF_INET), sin_port: in_port_t(port).bigEndian,
                        sin_addr: in_addr(s_addr: UInt32(INADDR_LOOPBACK).bigEndian), sin_zero: (0, 0, 0, 0, 0, 0, 0, 0)
                    ))
            } else {
                bind(
                    sockaddr_in6(
                        sin6_family: sa_family_t(AF_INET6), sin6_port: in_port_t(port).bigEndian, sin6_flowinfo: 0,
                        sin6_addr: in6addr_loopback, sin6_scope_id: 0))
            }
        try #require(result == 0)
        return socket
    }
}
