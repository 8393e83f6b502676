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

/// Asks over the network, of this machine as a rule, and runs programs beside a run. None of its checks keeps a thread.
struct LocalProber: Prober {
    let runtime: any TaskRuntime
    let clock: any Clock<Duration>
    /// So many programs are started for checks at a time; the others wait, and their time begins when they are started.
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
        .failed("the task has no port \"\(reference)\"")
    }

    /// What the body answers, unless its time is over before.
    ///
    /// - Parameter subject: what is checked, for messages.
    private func within(
        _ limit: Duration, _ subject: String, _ body: @escaping @Sendable () async throws -> CheckOutcome
    ) async -> CheckOutcome {
        await withTaskGroup { group in
            group.addTask {
                do { return try await body() } catch {
                    return .failed("\(subject): \(ProbeFailure.words(for: error))")
                }
            }
            group.addTask {
                // Cancelled when the answer came.
                try? await clock.sleep(for: limit)
                return .failed("\(subject): no answer within \(limit.text)")
            }
            let first = await group.next()!
            group.cancelAll()
            return first
        }
    }
}
