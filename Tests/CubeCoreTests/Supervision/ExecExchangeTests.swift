import CubeCore
import CubeErrors
import CubeTesting
import CubeTypes
import Testing

/// The traffic between a command and its client.
struct ExecExchangeTests {
    private func exchange(interactive: Bool = true) -> ExecExchange {
        ExecExchange(ExecRequest(command: ["cat"], interactive: interactive), now: .zero)
    }

    @Test func `output stays until it is acknowledged, and the end comes after it`() throws {
        var exchange = exchange()
        #expect(try exchange.output(after: 0) == nil)
        exchange.append("one".utf8, to: .output)
        exchange.append("two".utf8, to: .errors)
        let whole = ExecOutput(
            next: 6,
            chunks: [
                ExecChunk(stream: .output, data: Array("one".utf8)),
                ExecChunk(stream: .errors, data: Array("two".utf8)),
            ])
        #expect(try exchange.output(after: 0) == whole)
        #expect(try exchange.output(after: 0) == whole)
        #expect(try exchange.output(after: 2)?.chunks.map(\.data.count) == [1, 3])
        #expect(throws: APIError.self) { try exchange.output(after: 1) }
        #expect(throws: APIError.self) { try exchange.output(after: 7) }
        #expect(try exchange.output(after: 6) == nil)
        exchange.finish(ExecEnd(code: 3))
        exchange.finish(ExecEnd(code: 129))
        exchange.append("late".utf8, to: .output)
        #expect(try exchange.output(after: 6) == ExecOutput(next: 6, chunks: [], end: ExecEnd(code: 3)))
    }

    @Test func `a command has no room while its client takes no output`() throws {
        var exchange = exchange()
        exchange.append([UInt8](repeating: 0, count: ExecExchange.outputLimit - 1), to: .output)
        #expect(exchange.hasRoom)
        exchange.append([0], to: .output)
        #expect(!exchange.hasRoom)
        _ = try exchange.output(after: 1)
        #expect(exchange.hasRoom)
    }

    @Test func `a repeated part of the input counts once, and a part waits for the one before it`() throws {
        var exchange = exchange()
        let first = ExecInput(offset: 0, data: [1, 2, 3])
        #expect(try exchange.take(first) == ExecReceipt(received: 3))
        #expect(try exchange.take(first) == ExecReceipt(received: 3))
        #expect(try exchange.take(ExecInput(offset: 2, data: [3, 4], end: true)) == nil)
        for offset in [Int.min, -1] {
            #expect(throws: APIError.self) { try exchange.take(ExecInput(offset: offset, data: [1])) }
        }
        #expect(throws: APIError.self) { try exchange.take(ExecInput(offset: 4, data: [5])) }
        #expect(exchange.nextInstruction(now: .zero) == .input([1, 2, 3]))
        #expect(exchange.nextInstruction(now: .zero) == nil)
        #expect(try exchange.take(ExecInput(offset: 2, data: [3, 4], end: true)) == ExecReceipt(received: 4))
        #expect(throws: APIError.self) { try exchange.take(ExecInput(offset: 4, data: [5])) }
        exchange.resize(to: TerminalSize(columns: 80, rows: 24))
        #expect(exchange.nextInstruction(now: .zero) == .resize(TerminalSize(columns: 80, rows: 24)))
        #expect(exchange.nextInstruction(now: .zero) == .input([4]))
        #expect(exchange.nextInstruction(now: .zero) == .endOfInput)
        #expect(exchange.nextInstruction(now: .zero) == nil)
        var silent = self.exchange(interactive: false)
        #expect(throws: APIError.self) { try silent.take(first) }
    }

    @Test func `a command with a terminal is told again and again that its input has ended, any other once`() throws {
        for hasTerminal in [true, false] {
            var exchange = ExecExchange(
                ExecRequest(command: ["sh"], tty: hasTerminal, interactive: true), now: .seconds(1))
            #expect(exchange.nextInstructionTime == nil)
            _ = try exchange.take(ExecInput(offset: 0, data: [], end: true))
            #expect(exchange.nextInstructionTime == .seconds(1))
            let ends = [Duration.seconds(2), .milliseconds(2499), .milliseconds(2500)].map {
                exchange.nextInstruction(now: $0)
            }
            #expect(ends == [.endOfInput, nil, hasTerminal ? .endOfInput : nil])
            #expect(exchange.nextInstructionTime == (hasTerminal ? .seconds(3) : nil))
            exchange.finish(ExecEnd(code: 0))
            #expect(exchange.nextInstructionTime == nil)
            let last = exchange.nextInstruction(now: .seconds(9))
            #expect(last == nil)
        }
    }

    /// A property: parts of any size, lost responses and repeated requests change neither output nor input.
    @Test func `whatever is repeated, every byte arrives once and in order`() throws {
        var random = SeededGenerator()
        for _ in 0..<200 {
            var exchange = exchange()
            let bytes = (0..<Int.random(in: 0...400, using: &random)).map { UInt8(truncatingIfNeeded: $0) }
            var (read, written): ([UInt8], [UInt8]) = ([], [])
            var (sent, after, produced) = (0, 0, 0)
            while read.count < bytes.count || written.count < bytes.count {
                switch Int.random(in: 0..<4, using: &random) {
                case 0:
                    let count = Int.random(in: 0...40, using: &random)
                    exchange.append(bytes.dropFirst(produced).prefix(count), to: .output)
                    produced = min(produced + count, bytes.count)
                case 1:
                    guard let part = try exchange.output(after: after), Bool.random(using: &random) else { continue }
                    written += part.chunks.flatMap(\.data)
                    after = part.next
                case 2:
                    let start = Int.random(in: max(0, sent - 30)...sent, using: &random)
                    let data = Array(bytes.dropFirst(start).prefix(Int.random(in: 0...60, using: &random)))
                    guard let receipt = try exchange.take(ExecInput(offset: start, data: data)) else { continue }
                    if Bool.random(using: &random) { sent = receipt.received }
                default:
                    if case .input(let part) = exchange.nextInstruction(now: .zero) { read += part }
                }
            }
            #expect(read == bytes && written == bytes, "CUBE_SEED=\(random.seed)")
        }
    }

    @Test func `a client counts as gone half a minute after its last call`() {
        var exchange = exchange()
        #expect(exchange.abandonment == .seconds(30))
        exchange.beginCall()
        exchange.beginCall()
        #expect(exchange.abandonment == nil)
        exchange.endCall(now: .seconds(100))
        #expect(exchange.abandonment == nil)
        exchange.endCall(now: .seconds(200))
        #expect(exchange.abandonment == .seconds(230))
    }

    @Test func `a request names each field that breaks a rule`() {
        let request = ExecRequest(
            command: ["", "a\0"], env: ["A=B": "x", "C": "\0"], tty: true, size: TerminalSize(columns: 0, rows: 70_000))
        #expect(
            request.problems.map(\.field) == ["command", "command", "env", "env[\"C\"]", "size.columns", "size.rows"])
        #expect(ExecRequest(command: []).problems.map(\.field) == ["command"])
        let long = ExecRequest(command: ["x"], env: ["A": String(repeating: "x", count: ExecRequest.maximumBytes)])
        #expect(long.problems.map(\.field) == ["command"])
        let reserved = ExecRequest(command: ["x"], env: ["CUBE_TASK_ID": "x", "CUBE_EXEC": "", "CUBE_MANAGER": "m"])
        #expect(reserved.problems.map(\.field) == ["env[\"CUBE_EXEC\"]", "env[\"CUBE_TASK_ID\"]"])
        #expect(ExecRequest(command: ["ls"]).problems.isEmpty)
    }

    @Test(arguments: [
        (
            "OCI runtime exec failed: exec failed: unable to start container process: exec: \"x\": executable file not found in $PATH: unknown\r\n",
            126, 127
        ),
        (
            "Error: runc: exec failed: unable to start container process: exec: \"x\": permission denied: OCI permission denied\nError: read: reset\n",
            126, 126
        ),
    ])
    func `the message of an engine that could not start a command is not its output`(
        text: String, code: Int, expected: Int
    ) {
        var refusal = ExecRefusal()
        for line in text.split(separator: "\n") {
            #expect(refusal.take(ExecChunk(stream: .output, data: Array("\(line)\n".utf8))).isEmpty)
        }
        let (rest, end) = refusal.finish(code: code)
        #expect(rest.isEmpty && end.code == expected)
        #expect(end.message?.hasPrefix("exec: \"x\": ") == true)
        #expect(end.message.map { !$0.contains("OCI") && !$0.contains("unknown") } == true)
        // A command that writes the same and then exits otherwise wrote it itself.
        #expect(refusal.finish(code: 0).rest.count == text.split(separator: "\n").count)
    }

    @Test func `output of a command passes at once`() {
        var refusal = ExecRefusal()
        let chunk = ExecChunk(stream: .output, data: Array("Error: no such table\n".utf8))
        #expect(refusal.take(chunk) == [chunk])
        #expect(refusal.take(chunk) == [chunk])
        #expect(refusal.finish(code: 127).rest.isEmpty)
        #expect(refusal.finish(code: 127).end == ExecEnd(code: 127))
    }
}
