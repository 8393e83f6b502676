package import CubeCore
import CubeSystem
package import CubeTypes
import SystemPackage

/// Carries out health checks of runs.
package protocol Prober: Sendable {
    /// Carries out one check within its timeout.
    func probe(
        _ run: RunIdentity, _ kind: CheckKind, of assignment: TaskAssignment, by check: HealthCheck
    ) async -> CheckOutcome
}

/// Carries out network checks, usually against this machine, and runs check commands next to a run. No check blocks a thread.
struct LocalProber: Prober {
    let runtime: any TaskRuntime
    let clock: any Clock<Duration>
    /// Limits how many check commands run at the same time. The timeout of a waiting command begins when it starts.
    private let commands = Semaphore(16)
    private let tls = TLSContexts()

    init(runtime: any TaskRuntime, clock: any Clock<Duration>) {
        self.runtime = runtime
        self.clock = clock
    }

    func probe(
        _ run: RunIdentity, _ kind: CheckKind, of assignment: TaskAssignment, by check: HealthCheck
    ) async -> CheckOutcome {
        if let http = check.http { return await get(http, of: assignment, within: check.timeout) }
        if let tcp = check.tcp { return await connect(tcp, of: assignment, within: check.timeout) }
        do {
            return try await commands.pass {
                try await runtime.check(run, of: assignment, by: check.command, within: check.timeout)
            }
        } catch {
            return .failed("\(error)")
        }
    }

    private func get(
        _ probe: HTTPProbe, of assignment: TaskAssignment, within limit: Duration
    ) async -> CheckOutcome {
        guard let port = port(probe.port, of: assignment) else { return noPort(probe.port) }
        let check = HTTPCheck(probe: probe, target: ProbeTarget(host: probe.host, port: port))
        return await within(limit, check.subject) {
            let status = try await check.status(within: limit, tls)
            if probe.status.contains(status) { return .passed }
            let expected = probe.status == .standard ? "" : ", and \(probe.status) passes"
            return .failed("\(check.subject) answered \(status)\(expected)")
        }
    }

    private func connect(
        _ probe: TCPProbe, of assignment: TaskAssignment, within limit: Duration
    ) async -> CheckOutcome {
        guard let port = port(probe.port, of: assignment) else { return noPort(probe.port) }
        let target = ProbeTarget(host: probe.host, port: port)
        return await within(limit, "\(target)") {
            try await ProbeConnection.run(to: target, within: limit) { _, _ in
            } connected: { (result: ProbeResult<Void>) in
                result.finish(.success(()))
            }
            return .passed
        }
    }

    private func port(_ reference: PortReference, of assignment: TaskAssignment) -> Int? {
        switch reference {
        case .number(let number): number
        case .name(let name): assignment.ports[name]
        }
    }

    private func noPort(_ reference: PortReference) -> CheckOutcome {
        .failed("the task has no port named \"\(reference)\"")
    }

    /// Returns the result of the body, or a failure if the time limit passes first.
    ///
    /// - Parameter subject: the checked address, for messages.
    private func within(
        _ limit: Duration, _ subject: String, _ body: @escaping @Sendable () async throws -> CheckOutcome
    ) async -> CheckOutcome {
        do {
            return try await clock.within(limit, body) ?? .failed("\(subject): no response within \(limit.text)")
        } catch {
            return .failed("\(subject): \(ProbeFailure.words(for: error))")
        }
    }
}
