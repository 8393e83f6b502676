package import CubeErrors
package import CubeTypes
import DequeModule

/// What a command has to do on behalf of the client that watches it.
package enum ExecInstruction: Hashable, Sendable {
    case input([UInt8])
    case endOfInput
    case resize(TerminalSize)
}

/// The traffic between a command and the client that watches it.
///
/// The client asks for output from an offset on, which acknowledges the output before it, and sends input with its offset. Both can
/// therefore be repeated after a lost response. Both directions are bounded: a command whose output is not acknowledged has to wait,
/// and so has a client whose input is not read.
package struct ExecExchange: Sendable {
    /// The number of unacknowledged bytes from which on the command has to wait.
    package static let outputLimit = 256 << 10
    /// How long a client may be absent between two calls before the command is ended.
    package static let absence = Duration.seconds(30)
    /// After how long a command with a terminal is told again that its input has ended.
    ///
    /// A terminal has no end. It reports one to the program that reads it at that moment, and forgets it if a program changes the mode of
    /// the terminal, as a shell does before each line. Without repetition, the command would then run until somebody stops it.
    package static let endRepetition = Duration.milliseconds(500)

    private let isInteractive: Bool
    private let hasTerminal: Bool
    private var chunks: Deque<ExecChunk> = []
    private var acknowledged = 0
    private var produced = 0
    private var end: ExecEnd?

    private var input: [UInt8] = []
    private var received = 0
    private var isInputOver = false
    /// From when on the command is to be told that the input has ended, once it has; `nil` if it has been told for good.
    private var nextEnd: Duration?
    private var size: TerminalSize?

    private var calls = 0
    private var lastCall: Duration

    /// - Parameter now: the present time since any fixed moment.
    package init(_ request: ExecRequest, now: Duration) {
        isInteractive = request.interactive
        hasTerminal = request.tty
        nextEnd = now
        lastCall = now
    }

    // MARK: Output

    /// Whether the command may write more output.
    package var hasRoom: Bool { produced - acknowledged < Self.outputLimit }

    /// Adds output of the command. The caller waits for ``hasRoom`` first.
    package mutating func append(_ bytes: some Sequence<UInt8>, to stream: ExecStream) {
        let data = Array(bytes)
        guard !data.isEmpty, end == nil else { return }
        produced += data.count
        chunks.append(ExecChunk(stream: stream, data: data))
    }

    /// Records the end of the command, after all of its output. Only the first end counts.
    package mutating func finish(_ end: ExecEnd) { self.end = self.end ?? end }

    /// Returns the output from an offset on, and discards the output before it.
    ///
    /// - Returns: `nil` if there is nothing to return yet.
    /// - Throws: `conflict` if the output at the offset was discarded or does not exist yet.
    package mutating func output(after offset: Int) throws(APIError) -> ExecOutput? {
        guard (acknowledged...produced).contains(offset) else {
            throw APIError(
                .conflict,
                "after: \(offset) is outside of the output that the session holds, \(acknowledged) to \(produced)")
        }
        while acknowledged < offset, let first = chunks.first {
            let count = min(first.data.count, offset - acknowledged)
            acknowledged += count
            if count == first.data.count { chunks.removeFirst() } else { chunks[0].data.removeFirst(count) }
        }
        guard !chunks.isEmpty || end != nil else { return nil }
        return ExecOutput(next: produced, chunks: Array(chunks), end: end)
    }

    // MARK: Input

    /// Takes a part of the input. A part that was taken before changes nothing.
    ///
    /// - Returns: `nil` if the command has to read earlier input first.
    /// - Throws: `conflict` if the command reads no input, or if input before the part is missing.
    package mutating func take(_ part: ExecInput) throws(APIError) -> ExecReceipt? {
        guard isInteractive else { throw APIError(.conflict, "the session was started without input") }
        guard (0...received).contains(part.offset) else {
            throw APIError(
                .conflict,
                "offset: \(part.offset) is outside of the input that the session received, 0 to \(received)")
        }
        let new = part.data.dropFirst(received - part.offset)
        guard end == nil else { return ExecReceipt(received: received + new.count) }
        guard new.isEmpty || !isInputOver else { throw APIError(.conflict, "the input of the session has ended") }
        guard new.isEmpty || input.isEmpty else { return nil }
        if !new.isEmpty { input = Array(new) }
        received += new.count
        isInputOver = isInputOver || part.end
        return ExecReceipt(received: received)
    }

    /// The number of bytes of input that were received.
    package var receipt: ExecReceipt { ExecReceipt(received: received) }

    package mutating func resize(to size: TerminalSize) { self.size = size }

    /// Returns the next instruction for the command, and marks it as taken; `nil` if there is none at present.
    package mutating func nextInstruction(now: Duration) -> ExecInstruction? {
        if let size {
            self.size = nil
            return .resize(size)
        }
        if !input.isEmpty {
            defer { input = [] }
            return .input(input)
        }
        guard isInputOver, end == nil, let nextEnd, nextEnd <= now else { return nil }
        self.nextEnd = hasTerminal ? now + Self.endRepetition : nil
        return .endOfInput
    }

    /// The time at which there will be an instruction, even if the client does nothing; `nil` if there will be none.
    package var nextInstructionTime: Duration? { isInputOver && end == nil ? nextEnd : nil }

    // MARK: The presence of the client

    package mutating func beginCall() { calls += 1 }

    package mutating func endCall(now: Duration) {
        calls -= 1
        lastCall = now
    }

    /// The time at which the client counts as gone; `nil` while one of its calls is in progress.
    package var abandonment: Duration? { calls > 0 ? nil : lastCall + Self.absence }
}

extension ExecRequest {
    /// The maximum size of the command and the variables together, in bytes.
    package static let maximumBytes = 128 << 10

    /// The variables by which a worker finds the processes of tasks and commands, which a request must not set.
    package static let reservedVariables = TaskEnvironment.reserved + [TaskEnvironment.execMark]

    /// Returns the fields that break a rule.
    package var problems: [ValidationError] {
        var problems: [ValidationError] = []
        func add(_ field: String, _ value: String?, _ message: String) {
            problems.append(ValidationError(field: field, value: value, message: message))
        }
        if command.first?.isEmpty ?? true { add("command", nil, "must name a program") }
        if command.contains(where: { $0.utf8.contains(0) }) { add("command", nil, "must not contain NUL") }
        for (name, value) in env.sorted(by: { $0.key < $1.key }) {
            if name.isEmpty || name.contains("=") || name.utf8.contains(0) {
                add("env", "\"\(name.shortened(to: 40))\"", "must be a name without `=` and NUL")
            }
            if Self.reservedVariables.contains(name) {
                add(
                    "env[\"\(name)\"]", nil,
                    "must not be set, because the variable identifies the processes of the task")
            }
            if value.utf8.contains(0) { add("env[\"\(name.shortened(to: 40))\"]", nil, "must not contain NUL") }
        }
        let bytes = (command + env.flatMap { [$0.key, $0.value] }).reduce(0) { $0 + $1.utf8.count + 1 }
        if bytes > Self.maximumBytes {
            add("command", "\(bytes) bytes", "must be at most \(Self.maximumBytes) bytes together with env")
        }
        return problems + (size?.problems(at: "size.") ?? [])
    }
}

extension TerminalSize {
    /// The values of ``columns`` and ``rows`` that are valid.
    package static let range = 1...65_535

    /// Returns the fields that break a rule.
    ///
    /// - Parameter prefix: the path of the size in the request.
    package func problems(at prefix: String = "") -> [ValidationError] {
        [("columns", columns), ("rows", rows)].filter { !Self.range.contains($0.1) }.map {
            ValidationError(field: prefix + $0.0, value: "\($0.1)", message: "must be in \(Self.range)")
        }
    }
}
