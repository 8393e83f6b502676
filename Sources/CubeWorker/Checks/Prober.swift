package import CubeCore
package import CubeTypes
import SystemPackage

/// What finds out how a run is.
package protocol Prober: Sendable {
    /// Carries one check out, within its time.
    func probe(
        _ run: RunIdentity, _ kind: CheckKind, of assignment: TaskAssignment, by check: HealthCheck
    ) async -> CheckOutcome
}

/// Looks at the ports of this machine, and runs programs beside a run. None of its checks keeps a thread.
struct LocalProber: Prober {
    let runtime: any TaskRuntime
    let clock: any Clock<Duration>
    /// So many programs are started for checks at a time; the others wait, and their time begins when they are started.
    private let commands = Turnstile(16)

    init(runtime: any TaskRuntime, clock: any Clock<Duration>) {
        self.runtime = runtime
        self.clock = clock
    }

    func probe(
        _ run: RunIdentity, _ kind: CheckKind, of assignment: TaskAssignment, by check: HealthCheck
    ) async -> CheckOutcome {
        if let http = check.http {
            return await within(check.timeout) { try await self.get(http, of: assignment) }
        }
        if let tcp = check.tcp {
            return await within(check.timeout) {
                _ = try await LoopbackConnection.open(port: try self.port(tcp.port, of: assignment))
                return .passed
            }
        }
        do {
            return try await commands.pass {
                try await runtime.check(run, of: assignment, by: check.command, within: check.timeout)
            }
        } catch {
            return .failed("\(error)")
        }
    }

    private func get(_ probe: HTTPProbe, of assignment: TaskAssignment) async throws -> CheckOutcome {
        let port = try port(probe.port, of: assignment)
        let connection = try await LoopbackConnection.open(port: port)
        try await connection.send(
            """
            GET \(probe.path) HTTP/1.1\r
            Host: localhost:\(port)\r
            User-Agent: cube\r
            Accept: */*\r
            Connection: close\r
            \r\n
            """)
        let line = try await connection.firstLine(limit: 1024)
        let words = line.split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
            return .failed(line.isEmpty ? "the connection was closed without an answer" : "the answer is not HTTP")
        }
        return (200..<400).contains(status) ? .passed : .failed("GET \(probe.path) answered \(status)")
    }

    private func port(_ reference: PortReference, of assignment: TaskAssignment) throws(UnknownPort) -> Int {
        switch reference {
        case .number(let number): return number
        case .name(let name):
            guard let number = assignment.ports[name] else { throw UnknownPort(name: name) }
            return number
        }
    }

    private struct UnknownPort: Error, CustomStringConvertible {
        let name: String
        var description: String { "the task has no port \"\(name)\"" }
    }

    /// What the body answers, unless its time is over before.
    private func within(
        _ limit: Duration, _ body: @escaping @Sendable () async throws -> CheckOutcome
    ) async -> CheckOutcome {
        await withTaskGroup { group in
            group.addTask {
                do { return try await body() } catch { return .failed("\(error)") }
            }
            group.addTask {
                // Cancelled when the answer came.
                try? await clock.sleep(for: limit)
                return .failed("no answer within \(limit.text)")
            }
            let first = await group.next()!
            group.cancelAll()
            return first
        }
    }
}
