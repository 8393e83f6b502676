import CubeErrors
import CubeSystem
package import CubeTypes
import Synchronization

/// A wire to the leader among several servers. It moves to another server after a failure; the transport repeats the request.
package final class FailoverWire: Wire {
    /// The header field in which a server that is not the leader names the leader.
    package static let leader = "Cube-Leader"
    /// The response statuses of a server that currently cannot serve, or of a proxy in front of it.
    private static let absent: Set<Int> = [502, 503, 504]

    private struct State {
        var candidates = Candidates()
        var wires: [Endpoint: any Wire] = [:]
        /// When the list was fetched, by ``elapsed``.
        var listedAt: Duration?
    }

    package let name: String
    private let refresh: Duration
    /// The time since the wire was made.
    private let elapsed: @Sendable () -> Duration
    private let look: @Sendable () async throws -> [Endpoint]
    private let connect: @Sendable (Endpoint) -> any Wire
    private let state = Mutex(State())

    /// - Parameters:
    ///   - name: the name of the group of servers in messages.
    ///   - refresh: how long a list of servers is used; after a failure, the servers are listed again immediately.
    ///   - clock: measures the age of a list.
    ///   - look: lists the servers in order of preference.
    ///   - connect: creates the wire to one of the servers.
    package init(
        name: String, refresh: Duration = .seconds(10), clock: any Clock<Duration> = BootClock.timer,
        look: @Sendable @escaping () async throws -> [Endpoint],
        connect: @Sendable @escaping (Endpoint) -> any Wire
    ) {
        self.name = name
        self.refresh = refresh
        elapsed = Deadlines.stopwatch(of: clock)
        self.look = look
        self.connect = connect
    }

    package func exchange(_ request: WireRequest) async throws -> WireAnswer {
        let (endpoint, wire) = try await choose()
        let answer: WireAnswer
        do {
            answer = try await wire.exchange(request)
        } catch let error as WireError {
            turn(from: endpoint)
            throw error
        }
        if let leader = answer.header(Self.leader).flatMap(Endpoint.init(rawValue:)), leader != endpoint {
            state.withLock { $0.candidates.follow(leader, told: endpoint) }
        } else if Self.absent.contains(answer.status) {
            turn(from: endpoint)
        }
        return answer
    }

    private func turn(from endpoint: Endpoint) {
        state.withLock { state in
            state.candidates.turn(from: endpoint)
            state.listedAt = nil
        }
    }

    private func choose() async throws -> (Endpoint, any Wire) {
        if let known = state.withLock({ isFresh($0) ? way(&$0) : nil }) { return known }
        do {
            let endpoints = try await look()
            state.withLock { state in
                state.candidates.replace(by: endpoints)
                state.wires = state.wires.filter { endpoints.contains($0.key) }
                state.listedAt = elapsed()
            }
        } catch let error as APIError {
            // If the servers cannot be listed, use the known ones.
            guard let known = state.withLock({ way(&$0) }) else { throw WireError(error, mayHaveArrived: false) }
            return known
        }
        guard let found = state.withLock({ way(&$0) }) else {
            throw WireError(APIError(.unavailable, "\(name): no server was found"), mayHaveArrived: false)
        }
        return found
    }

    private func isFresh(_ state: State) -> Bool { state.listedAt.map { elapsed() - $0 < refresh } ?? false }

    private func way(_ state: inout State) -> (Endpoint, any Wire)? {
        guard let endpoint = state.candidates.chosen else { return nil }
        let wire = state.wires[endpoint] ?? connect(endpoint)
        state.wires[endpoint] = wire
        return (endpoint, wire)
    }
}
