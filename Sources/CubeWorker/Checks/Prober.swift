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
    private let tls = TLSContexts()

    init(runtime: any TaskRuntime, clock: any Clock<Duration>) {
        self.runtime = runtime
        self.clock = clock
    }

    func probe(
        _ run: RunIdentity, _ kind: CheckKind, of assignment: TaskAssignment, by check: HealthCheck
    ) async -> CheckOutcome {
        do {
            if let http = check.http {
                guard let target = try await target(http.port, on: http.host, of: run, assignment) else {
                    return noPort(http.port)
                }
                return await get(http, at: target, within: check.timeout)
            }
            if let tcp = check.tcp {
                guard let target = try await target(tcp.port, on: tcp.host, of: run, assignment) else {
                    return noPort(tcp.port)
                }
                return await connect(to: target, within: check.timeout)
            }
            return try await runtime.check(run, of: assignment, by: check.command, within: check.timeout)
        } catch let error as EngineError {
            return .impossible("\(error)")
        } catch {
            return .failed("\(error)")
        }
    }

    private func get(_ probe: HTTPProbe, at target: ProbeTarget, within limit: Duration) async -> CheckOutcome {
        let check = HTTPCheck(probe: probe, target: target)
        return await within(limit, check.subject) {
            let status = try await check.status(within: limit, tls)
            if probe.status.contains(status) { return .passed }
            let expected = probe.status == .standard ? "" : ", and \(probe.status) passes"
            return .failed("\(check.subject) answered \(status)\(expected)")
        }
    }

    private func connect(to target: ProbeTarget, within limit: Duration) async -> CheckOutcome {
        await within(limit, "\(target)") {
            try await ProbeConnection.run(to: target, within: limit) { _, _ in
            } connected: { (result: ProbeResult<Void>) in
                result.finish(.success(()))
            }
            return .passed
        }
    }

    /// Returns the address that a check connects to; `nil` if the task declares no such port. A check that names a host means a
    /// port of that host.
    private func target(
        _ port: PortReference, on host: String?, of run: RunIdentity, _ assignment: TaskAssignment
    ) async throws -> ProbeTarget? {
        guard let host else { return try await runtime.address(of: port, of: run, assignment) }
        return switch port {
        case .number(let number): ProbeTarget(host: host, port: number)
        case .name(let name): assignment.ports[name].map { ProbeTarget(host: host, port: $0) }
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
