import CubeErrors
import CubeManager
import CubeManagerClient
import CubeOrchestratorClient
import CubeTesting
import CubeTypes
import Synchronization
import Testing

@testable import CubeServer
@testable import CubeTransport

@Suite("Waiting for a manager", .timeLimit(.minutes(1)))
struct WaitingTests {
    /// A server that never responds, such as one that was stopped by a signal.
    struct SilentWire: Wire {
        let name = "silent"

        func exchange(_ request: WireRequest) async throws -> WireAnswer {
            let (nothing, continuation) = AsyncStream.makeStream(of: Never.self)
            defer { continuation.finish() }
            for await _ in nothing {}
            throw CancellationError()
        }
    }

    /// A connection to a server that a test can cut, which makes current calls fail.
    final class CutWire: Wire {
        private struct State {
            var isCut = false
            var failures = 0
            var targets: [String] = []
            var calls: [Int: Task<WireAnswer, any Error>] = [:]
            /// The calls that were in progress when the connection was cut.
            var lost: Set<Int> = []
            var last = 0
        }

        let base: any Wire
        var name: String { base.name }
        private let state = Mutex(State())

        init(_ endpoint: Endpoint) { base = NetworkWire(endpoint, options: quiet) }

        /// The number of failed calls.
        var failures: Int { state.withLock(\.failures) }

        /// The requests, each as path and query.
        var targets: [String] { state.withLock(\.targets) }

        func cut() {
            let calls = state.withLock { state in
                state.isCut = true
                state.lost.formUnion(state.calls.keys)
                return state.calls.values
            }
            for call in calls { call.cancel() }
        }

        func mend() { state.withLock { $0.isCut = false } }

        func exchange(_ request: WireRequest) async throws -> WireAnswer {
            let away = WireError(APIError(.unavailable, "the way is cut"), mayHaveArrived: false)
            let base = base
            let call: (Int, Task<WireAnswer, any Error>)? = state.withLock { state in
                guard !state.isCut else {
                    state.failures += 1
                    return nil
                }
                state.targets.append(request.target)
                state.last += 1
                let task = Task { try await base.exchange(request) }
                state.calls[state.last] = task
                return (state.last, task)
            }
            guard let (number, task) = call else { throw away }
            let result = await withTaskCancellationHandler {
                await task.result
            } onCancel: {
                task.cancel()
            }
            let isLost = state.withLock { state in
                state.calls[number] = nil
                let isLost = state.lost.remove(number) != nil
                if isLost { state.failures += 1 }
                return isLost
            }
            guard !isLost else { throw away }
            return try result.get()
        }
    }

    /// The results of a watch and of the event stream.
    final class Followed: Sendable {
        let revisions = Mutex<[Int]>([])
        let states = Mutex<[TaskWatchEvent]>([])
    }

    static let quick = ClientOptions(
        retries: RetryPolicy(base: .milliseconds(1), longest: .milliseconds(1)), logger: silent)

    let definition = OrchestratorTests().definition()

    /// A system whose client uses a connection that can be cut.
    func withSystem(
        _ worker: FakeWorkers, _ body: (OrchestratorClient, CutWire) async throws -> Void
    ) async throws {
        try await OrchestratorTests().withSystem(worker) { _, _, endpoint in
            let wire = CutWire(endpoint)
            let client = ManagerClient(wire: wire, token: tokens[.write], options: Self.quick)
            try await body(OrchestratorClient(manager: client), wire)
        }
    }

    static let running = FakeWorkers(clock: ManualClock()) { task in
        task.state = .running
        task.run = 1
    }

    /// Runs an operation with the connection cut until it has failed several times.
    func throughOutage<Value: Sendable>(
        of wire: CutWire, _ operation: @Sendable @escaping () async throws -> Value
    ) async throws -> Value {
        async let value = operation()
        let before = wire.failures
        wire.cut()
        try await eventually { wire.failures >= before + 5 }
        wire.mend()
        return try await value
    }

    // MARK: One deadline

    enum Wait: CaseIterable {
        case run, ready, stop, stopAll
    }

    @Test(arguments: Wait.allCases)
    func `a wait ends at its deadline even if the manager never responds`(wait: Wait) async throws {
        let clock = ManualClock()
        let system = OrchestratorClient(
            manager: ManagerClient(wire: SilentWire(), options: quiet, clock: clock), owner: .manual, clock: clock)
        let id = TaskID(rawValue: "00000000-0000-0000-0000-000000000001")!
        async let error = #expect(throws: APIError.self) {
            switch wait {
            case .run: _ = try await system.run(definition, within: .seconds(5))
            case .ready: _ = try await system.waitUntilReady(id, within: .seconds(5))
            case .stop: _ = try await system.stop(id, within: .seconds(5))
            case .stopAll: _ = try await system.stopAll(within: .seconds(5))
            }
        }
        // The clock advances to the deadline and no further. A wait that does not end then never ends.
        let end = clock.now.advanced(by: .seconds(5))
        while clock.now < end {
            try await eventually { clock.nextDeadline != nil }
            clock.advance(to: min(clock.nextDeadline!, end))
        }
        let message = try #require(await error).message
        #expect(await error?.reason == .timeout)
        #expect(message.hasSuffix(": no response from the manager within 5s"), "\(message)")
    }

    @Test func `the error of a timeout contains the total time of all attempts`() async throws {
        let clock = ManualClock()
        let transport = HTTPTransport(
            wire: SilentWire(), options: ClientOptions(retries: RetryPolicy(base: .zero), logger: silent), clock: clock)
        async let error = #expect(throws: APIError.self) { try await transport.send(TransportRequest(.get, ["a"])) }
        for _ in 1...3 {
            let next = clock.now.advanced(by: .seconds(20))
            try await eventually { clock.nextDeadline == next }
            clock.advance(to: next)
        }
        #expect(await error?.message == "GET /a at silent: no response within 1m (3 attempts)")
    }

    @Test func `a cancelled run reports the task that it leaves running`() async throws {
        try await withSystem(FakeWorkers(clock: ManualClock()) { _ in }) { system, wire in
            let run = Task { try await system.run(definition, within: .seconds(3600)) }
            // As soon as it watches, it has received the response with its task.
            try await eventually { wire.targets.contains { $0.contains("since=") } }
            run.cancel()
            let error = await #expect(throws: APIError.self) { _ = try await run.value }
            #expect(error?.reason == .cancelled)
            let tasks = try await system.manager.tasks(owner: .manual).tasks
            #expect(tasks.map(\.state.hasEnded) == [false])
            #expect(error?.details?["task"] == tasks[0].id.rawValue)
        }
    }

    // MARK: An unavailable manager

    @Test func `waits survive an outage of the manager`() async throws {
        let worker = FakeWorkers(clock: ManualClock()) { task in
            task.state = .running
            task.ready = true
            task.run = 1
        }
        try await withSystem(worker) { system, wire in
            let task = try await throughOutage(of: wire) { try await system.run(definition, within: .seconds(50)) }
            #expect(task.ready)
            #expect(
                try await throughOutage(of: wire) { try await system.waitUntilReady(task.id, within: .seconds(50)) }
                    .ready)
            #expect(
                try await throughOutage(of: wire) { try await system.stop(task.id, within: .seconds(50)) }.state
                    == .stopped)
            try await system.schedule(definition)
            #expect(try await throughOutage(of: wire) { try await system.stopAll(within: .seconds(50)) } == 1)
            #expect(try await system.manager.tasks(owner: .manual).tasks.count == 2)
        }
    }

    @Test func `after an outage, a watch and the event stream continue where they were`() async throws {
        try await withSystem(Self.running) { system, wire in
            let followed = Followed()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for try await event in system.events() { followed.revisions.withLock { $0.append(event.revision) } }
                }
                group.addTask {
                    for try await event in system.watch() { followed.states.withLock { $0.append(event) } }
                }
                for _ in 1...5 {
                    let known = (followed.revisions.withLock(\.count), followed.states.withLock(\.count))
                    try await system.schedule(definition)
                    try await eventually {
                        followed.revisions.withLock(\.count) != known.0 && followed.states.withLock(\.count) != known.1
                    }
                    try await throughOutage(of: wire) {}
                }
                let last = try await system.schedule(definition)
                try await eventually { followed.states.withLock { $0.contains { $0.tells(of: last.id) } } }
                group.cancelAll()
                while let end = await group.nextResult() {
                    if case .failure(let error) = end { #expect(error is CancellationError, "\(error)") }
                }
            }
            let all = try await system.manager.events(since: 0).events.map(\.revision)
            let seen = followed.revisions.withLock(\.self)
            #expect(Array(all.prefix(seen.count)) == seen)
            // The first event is a list. The others are changes, because the manager kept its term.
            let lists = followed.states.withLock { $0.filter { if case .listed = $0 { true } else { false } }.count }
            #expect(lists == 1)
        }
    }

    @Test func `a permanent error ends a watch immediately`() async throws {
        try await OrchestratorTests().withSystem(Self.running) { _, _, endpoint in
            let stranger = ManagerClient(endpoint: endpoint, token: "wrong", options: quiet)
            var watch = stranger.watch(owner: .manual).makeAsyncIterator()
            let error = await #expect(throws: APIError.self) { _ = try await watch.next() }
            #expect(error?.reason == .unauthorized)
        }
    }

    @Test func `the error of a wait that ends during an outage contains the last state and the outage`() async throws {
        try await withSystem(FakeWorkers(clock: ManualClock()) { _ in }) { system, wire in
            let task = try await system.schedule(definition)
            async let error = #expect(throws: APIError.self) {
                try await system.waitUntilReady(task.id, within: .seconds(1))
            }
            // As soon as it watches, it knows the task.
            try await eventually { wire.targets.contains { $0.contains("since=") } }
            wire.cut()
            let message = try #require(await error).message
            #expect(message.contains("web/0 is"))
            #expect(message.hasSuffix("; the manager does not respond: the way is cut"), "\(message)")
        }
    }
}

extension TaskWatchEvent {
    func tells(of id: TaskID) -> Bool {
        switch self {
        case .listed(let list): list.tasks.contains { $0.id == id }
        case .changed(let changes): changes.changed.contains { $0.id == id }
        }
    }
}
