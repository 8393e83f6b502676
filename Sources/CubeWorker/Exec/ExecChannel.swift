import CubeCore
import CubeErrors
import CubeSystem
import CubeTypes
import Synchronization

/// Connects a running command, on the side of its runtime, with the calls of the client that watches it.
final class ExecChannel: ExecStreams {
    let session: ExecSession
    let run: RunIdentity
    let request: ExecRequest

    private struct State {
        var exchange: ExecExchange
        var bells = Bells<Topic>()
        var isClosed = false
    }

    private enum Topic: Hashable, Sendable {
        /// There is output to return, or the command has ended.
        case output
        /// There is an instruction for the command, or room for input of the client.
        case input
        /// There is room for output.
        case room
        /// A call of the client began or ended, or the client closed the session.
        case presence
    }

    private let state: Mutex<State>
    private let clock: any Clock<Duration>
    /// The time since the session began.
    private let elapsed: @Sendable () -> Duration

    init(_ session: ExecSession, _ request: ExecRequest, in run: RunIdentity, clock: any Clock<Duration>) {
        self.session = session
        self.request = request
        self.run = run
        self.clock = clock
        elapsed = Self.stopwatch(clock)
        state = Mutex(State(exchange: ExecExchange(request, now: .zero)))
    }

    private static func stopwatch(_ clock: some Clock<Duration>) -> @Sendable () -> Duration {
        let start = clock.now
        return { start.duration(to: clock.now) }
    }

    // MARK: Calls of the client

    /// Returns the output from an offset on, and waits for output if there is none.
    func output(after offset: Int, wait: Duration) async throws -> ExecOutput {
        try await call(.output, ringing: .room, wait: wait) { (exchange) throws(APIError) in
            try exchange.output(after: offset)
        } ?? ExecOutput(next: offset, chunks: [])
    }

    /// Takes a part of the input, and waits until the command has read the part before it.
    func take(_ part: ExecInput, wait: Duration) async throws -> ExecReceipt {
        let receipt = try await call(.input, ringing: .input, wait: wait) { (exchange) throws(APIError) in
            try exchange.take(part)
        }
        return receipt ?? state.withLock(\.exchange.receipt)
    }

    func resize(to size: TerminalSize) {
        change(.input) { $0.exchange.resize(to: size) }
    }

    /// Tells the runtime that the client has gone.
    func close() { change(.presence) { $0.isClosed = true } }

    /// Carries out a call that may have to wait for a topic.
    ///
    /// - Parameter changed: the topic that an attempt may change.
    /// - Returns: `nil` if the attempts returned nothing within the wait.
    private func call<Answer: Sendable>(
        _ topic: Topic, ringing changed: Topic, wait: Duration,
        _ attempt: @Sendable @escaping (inout ExecExchange) throws(APIError) -> Answer?
    ) async throws -> Answer? {
        let listener = state.withLock { state in
            state.exchange.beginCall()
            return state.bells.listen(to: topic)
        }
        defer {
            change(.presence) { state in
                state.bells.leave(listener)
                state.exchange.endCall(now: elapsed())
            }
        }
        let end = elapsed() + wait
        while true {
            let answer = try state.withLock { state in
                defer { state.bells.ring(changed) }
                return try attempt(&state.exchange)
            }
            let rest = end - elapsed()
            if answer != nil || rest <= .zero { return answer }
            await listener.bell.wait(atMost: rest, on: clock)
            try Task.checkCancellation()
        }
    }

    // MARK: The side of the runtime

    /// Passes on output of the command, and waits as long as the client does not acknowledge earlier output.
    func write(_ bytes: [UInt8], to stream: ExecStream) async throws {
        try await wait(for: .room) { $0.exchange.hasRoom ? () : nil }
        change(.output) { $0.exchange.append(bytes, to: stream) }
    }

    /// Returns the next instruction of the client, and waits for one if there is none.
    func instruction() async throws -> ExecInstruction {
        let listener = state.withLock { $0.bells.listen(to: .input) }
        defer { state.withLock { $0.bells.leave(listener) } }
        while true {
            try Task.checkCancellation()
            let (instruction, time) = state.withLock { state in
                let instruction = state.exchange.nextInstruction(now: elapsed())
                // There is room for more input now.
                if instruction != nil { state.bells.ring(.input) }
                return (instruction, state.exchange.nextInstructionTime)
            }
            if let instruction { return instruction }
            await listener.bell.wait(atMost: time.map { max(.zero, $0 - elapsed()) }, on: clock)
        }
    }

    /// Waits until the client has closed the session, or was absent for too long.
    func departure() async throws {
        let listener = state.withLock { $0.bells.listen(to: .presence) }
        defer { state.withLock { $0.bells.leave(listener) } }
        while true {
            let (isClosed, abandonment) = state.withLock { ($0.isClosed, $0.exchange.abandonment) }
            let rest = abandonment.map { $0 - elapsed() }
            if isClosed || rest.map({ $0 <= .zero }) ?? false { return }
            await listener.bell.wait(atMost: rest, on: clock)
            try Task.checkCancellation()
        }
    }

    /// Records how the command ended, which the client learns after all output.
    func finish(_ end: ExecEnd) {
        change(.output) { state in
            state.exchange.finish(end)
            state.bells.ring(.input)
        }
    }

    private func wait<Value: Sendable>(for topic: Topic, _ look: (inout State) -> Value?) async throws -> Value {
        let listener = state.withLock { $0.bells.listen(to: topic) }
        defer { state.withLock { $0.bells.leave(listener) } }
        while true {
            try Task.checkCancellation()
            if let value = state.withLock({ look(&$0) }) { return value }
            await listener.bell.wait()
        }
    }

    private func change(_ topic: Topic, _ body: (inout State) -> Void) {
        state.withLock { state in
            body(&state)
            state.bells.ring(topic)
        }
    }
}
