import CubeErrors
import CubeManager
import CubeTesting
import CubeTransport
import CubeTypes
import CubeWorker
import FoundationEssentials
import NIOHTTP1
import Synchronization
import Testing

@testable import CubeServer

/// Tests every call of both clients and every other described endpoint, over sockets and through a faulty proxy.
@Suite("Every call", .timeLimit(.minutes(5)))
struct EveryCallTests {
    @Test func `the table has a row for each described endpoint and each public method`() async throws {
        try await checkTable(of: ManagerService.self)
        try await checkTable(of: WorkerService.self)
    }

    @Test(arguments: ManagerService.calls)
    func `each call of a manager ends in time and takes effect once`(call: ClientCall<ManagerService>) async throws {
        try await check(call)
    }

    @Test(arguments: WorkerService.calls)
    func `each call of a worker ends in time and takes effect once`(call: ClientCall<WorkerService>) async throws {
        try await check(call)
    }
}

// MARK: - The table

extension EveryCallTests {
    /// Records the requests.
    final class Noting: Wire {
        let wire: any Wire
        let asked = Mutex<[WireRequest]>([])
        var name: String { wire.name }

        init(_ wire: any Wire) { self.wire = wire }

        func exchange(_ request: WireRequest) async throws -> WireAnswer {
            asked.withLock { $0.append(request) }
            return try await wire.exchange(request)
        }
    }

    private func checkTable<Server: CalledServer>(of server: Server.Type) async throws {
        var described: Set<String> = []
        var asked: Set<String> = []
        for call in Server.calls {
            try await Server.run { server, endpoint in
                let description = try JSON(reading: Array(await ask(.GET, endpoint, "/openapi.json", token: nil).body))
                described = Set(
                    description["paths"]!.members!.flatMap { path, item in
                        item.members!.keys.map { "\($0.uppercased()) \(path)" }
                    })
                try await call.prepare(server)
                let wire = Noting(NetworkWire(endpoint, options: quiet))
                try await call.make(
                    Server.client(wire, token: tokens[call.role], options: quiet, clock: nil), server)
                let requests = wire.asked.withLock(\.self)
                #expect(!requests.isEmpty, "\(call.name) asks for nothing")
                for request in requests {
                    asked.insert(try #require(route(of: request, among: described), "\(request)"))
                }
            }
        }
        #expect(described.count > 10)
        #expect(described.subtracting(asked) == [], "endpoints of \(server) without a row")
        let methods = try publicMethods(in: Server.clientSources)
        #expect(methods.count > 10)
        #expect(methods.subtracting(Server.calls.map(\.name)) == [], "methods of a client of \(server) without a row")
    }

    /// The endpoint of a request. A path with more literal components takes precedence.
    private func route(of request: WireRequest, among described: Set<String>) -> String? {
        let asked = "\(request.method) \(request.target.prefix { $0 != "?" })".split(separator: "/")
        let found = described.filter { route in
            let parts = route.split(separator: "/")
            return parts.count == asked.count && zip(parts, asked).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
        }
        return found.min { $0.count { $0 == "{" } < $1.count { $0 == "{" } }
    }

    /// The names of the public methods of a client, without those of its sequences.
    private func publicMethods(in directory: String) throws -> Set<String> {
        let root = String(#filePath.dropLast("Tests/CubeServerTests/EveryCallTests.swift".count))
        let files = try FileManager.default.contentsOfDirectory(atPath: root + directory)
            .filter { $0.hasPrefix("ManagerClient") || $0.hasPrefix("WorkerClient") }
        return try files.reduce(into: []) { names, file in
            let text = try String(contentsOfFile: "\(root)\(directory)/\(file)", encoding: .utf8)
            for match in text.matches(of: /public func (\w+)\(/) { names.insert(String(match.1)) }
        }
    }
}

// MARK: - Faults

extension EveryCallTests {
    private static let totalDeadline: Duration = .seconds(5)

    private static let options = ClientOptions(
        requestDeadline: .seconds(1), totalDeadline: totalDeadline, silenceDeadline: .seconds(1),
        retries: RetryPolicy(attempts: 8, base: .zero, percentage: 100), logger: silent)

    /// A fault of the connections of a call.
    private struct Trouble: CustomStringConvertible {
        let fault: FaultyProxy.Fault
        /// Whether all connections have the fault, or only the first one.
        let isLasting: Bool
        var description: String { "\(fault)\(isLasting ? ", always" : "")" }

        /// Whether no response can get through, whatever its length.
        var isFatal: Bool {
            switch fault {
            case .close, .hang, .page: isLasting
            default: false
            }
        }

        /// Whether the fault takes time, whatever the length of the response.
        var isSlow: Bool {
            switch fault {
            case .hang, .delay, .stall(after: 0): true
            default: false
            }
        }
    }

    /// The outcome of a call.
    private struct Outcome<State> {
        var error: (any Error)?
        var state: State
        var span: Duration
    }

    private func troubles(_ generator: inout SeededGenerator) -> [Trouble] {
        let lasting: [FaultyProxy.Fault] = [
            .close, .hang, .truncate(after: .random(in: 1...200, using: &generator)),
            .stall(after: .random(in: 1...200, using: &generator)), .page(FaultTests.page),
        ]
        let passing: [FaultyProxy.Fault] = [
            .delay, .duplicate, .truncate(after: 0), .truncate(after: .random(in: 200...800, using: &generator)),
            .stall(after: 0),
        ]
        return lasting.map { Trouble(fault: $0, isLasting: true) }
            + (lasting + passing).map { Trouble(fault: $0, isLasting: false) }
    }

    private func check<Server: CalledServer>(_ call: ClientCall<Server>) async throws {
        var generator = SeededGenerator()
        let (before, after) = try await states(of: call)
        // A permanent fault does not end a call that waits indefinitely.
        let troubles = troubles(&generator).filter { !($0.isLasting && call.isPatient) }
        // A server that the call has not changed can be reused.
        for some in before == after ? [troubles] : troubles.map({ [$0] }) {
            try await Server.run { server, endpoint in
                try await call.prepare(server)
                for trouble in some {
                    check(
                        try await make(call, on: server, at: endpoint, in: trouble), of: call, in: trouble,
                        before: before, after: after, "\(trouble), CUBE_SEED=\(generator.seed)")
                }
            }
        }
    }

    private func check<Server: CalledServer>(
        _ outcome: Outcome<Server.State>, of call: ClientCall<Server>, in trouble: Trouble, before: Server.State,
        after: Server.State, _ note: Comment
    ) {
        // A streamed body may additionally take the silence timeout for each of its pieces.
        #expect(outcome.span <= Self.totalDeadline + call.wait + (call.isStream ? .seconds(5) : .zero), note)
        if trouble.isSlow { #expect(outcome.span > .zero, note) }
        guard let thrown = outcome.error else {
            #expect(!trouble.isFatal, note)
            #expect(outcome.state == after, note)
            return
        }
        #expect(outcome.state == before || outcome.state == after, note)
        guard let error = thrown as? APIError else {
            Issue.record(thrown, note)
            return
        }
        let isExcused: Bool
        switch (error.reason, trouble.fault) {
        case (.malformedAnswer, .duplicate): isExcused = true
        // After a blocking query, there is no time left for another attempt.
        case (.timeout, _): isExcused = trouble.isLasting || call.isStream || call.wait > .zero
        case (.unavailable, _): isExcused = trouble.isLasting || call.isStream
        default: isExcused = false
        }
        #expect(!call.isPatient || error.reason == .malformedAnswer, "\(error), \(note)")
        #expect(isExcused, "\(error), \(note)")
    }

    /// The state of the server before and after a call without faults.
    private func states<Server: CalledServer>(
        of call: ClientCall<Server>
    ) async throws -> (before: Server.State, after: Server.State) {
        var states: [Server.State] = []
        try await Server.run { server, endpoint in
            try await call.prepare(server)
            states.append(try await server.state())
            let wire = NetworkWire(endpoint, options: Self.options)
            try await call.make(
                Server.client(wire, token: tokens[call.role], options: quiet, clock: nil), server)
            states.append(try await server.state())
        }
        return (states[0], states[1])
    }

    private func make<Server: CalledServer>(
        _ call: ClientCall<Server>, on server: Server, at endpoint: Endpoint, in trouble: Trouble
    ) async throws -> Outcome<Server.State> {
        let connections = Mutex(0)
        let (answers, withheld) = AsyncStream.makeStream(of: FaultyProxy.Withheld.self)
        let clock = ManualClock()
        var error: (any Error)?
        try await FaultyProxy.run(before: endpoint) {
            let number = connections.withLock { count in
                count += 1
                return count
            }
            return trouble.isLasting || number == 1 ? trouble.fault : .none
        } onWithheld: {
            withheld.yield($0)
        } _: { proxy in
            let client = Server.client(
                NetworkWire(proxy, options: Self.options), token: tokens[call.role], options: Self.options,
                clock: clock)
            error = await lettingTimePass(on: clock, for: answers, again: call.isStream) {
                try await call.make(client, server)
            }
        }
        return Outcome(error: error, state: try await server.state(), span: clock.now.offset)
    }

    /// Makes a call. The manual clock advances only while a response is withheld: until a timeout, or by half of that
    /// time if the response is only delayed.
    ///
    /// - Parameter again: Whether the clock advances repeatedly, because a later piece of the body may be withheld.
    private func lettingTimePass(
        on clock: ManualClock, for answers: AsyncStream<FaultyProxy.Withheld>, again: Bool,
        _ call: @Sendable @escaping () async throws -> Void
    ) async -> (any Error)? {
        await withTaskGroup(of: (any Error)?.self) { group in
            group.addTask {
                do {
                    try await call()
                    return nil
                } catch {
                    return error
                }
            }
            group.addTask {
                for await answer in answers {
                    repeat {
                        guard let deadline = await clock.untilSlept() else { break }
                        if answer.isDelayed { clock.advance(by: clock.now.duration(to: deadline) / 2) }
                        if !answer.isDelayed { clock.advance(to: deadline) }
                    } while again && !answer.isDelayed && !Task.isCancelled
                    answer.release()
                }
                return nil
            }
            let error = await group.next()!
            group.cancelAll()
            return error
        }
    }
}
