import CubeErrors
import CubeTesting
import CubeTypes
import Synchronization
import Testing

@testable import CubeServer
@testable import CubeTransport

@Suite("Retries", .timeLimit(.minutes(1)))
struct RetryTests {
    /// A scripted server in the same process that counts its calls.
    final class Script: Wire {
        let name = "script"
        let asked = Mutex<[WireRequest]>([])
        private let answers: Mutex<[Result<WireAnswer, any Error>]>

        init(_ answers: [Result<WireAnswer, any Error>]) { self.answers = Mutex(answers) }

        func exchange(_ request: WireRequest) async throws -> WireAnswer {
            asked.withLock { $0.append(request) }
            return try answers.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }.get()
        }

        var count: Int { asked.withLock(\.count) }
    }

    static func answer(_ status: Int, _ headers: [(name: String, value: String)] = [], _ body: String = "1")
        -> WireAnswer
    {
        WireAnswer(
            status: status, headers: headers, body: ByteStream(Pieces([Array(body.utf8)])), origin: "script")
    }

    /// A byte sequence in given pieces.
    struct Pieces: AsyncSequence, Sendable {
        let pieces: [[UInt8]]
        init(_ pieces: [[UInt8]]) { self.pieces = pieces }
        struct AsyncIterator: AsyncIteratorProtocol {
            var rest: ArraySlice<[UInt8]>
            mutating func next() async throws -> [UInt8]? { rest.popFirst() }
        }
        func makeAsyncIterator() -> AsyncIterator { AsyncIterator(rest: pieces[...]) }
    }

    func transport(_ wire: Script, _ policy: RetryPolicy = RetryPolicy(base: .zero)) -> HTTPTransport {
        HTTPTransport(wire: wire, options: ClientOptions(retries: policy, logger: silent))
    }

    let away = APIError(.unavailable, "away")

    @Test func `a request that certainly did not arrive is retried, whatever its method`() async throws {
        for (mayHaveArrived, attempts) in [(false, 3), (true, 1)] {
            let script = Script([.failure(WireError(away, mayHaveArrived: mayHaveArrived))])
            await #expect(throws: APIError.self) { try await transport(script).send(TransportRequest(.post, ["a"])) }
            #expect(script.count == attempts)
        }
        let elsewhere = #"{"code": 503, "reason": "not_leader", "message": "another one leads"}"#
        for unserved in [Self.answer(429), Self.answer(503, [], elsewhere)] {
            let busy = Script([.success(unserved), .success(Self.answer(200))])
            try await transport(busy).send(TransportRequest(.post, ["a"]))
            #expect(busy.count == 2)
        }
    }

    @Test func `all attempts of a call have the same request id, which the error contains`() async throws {
        let script = Script([.failure(WireError(away))])
        let error = await #expect(throws: APIError.self) {
            try await transport(script).send(TransportRequest(.get, ["a"]))
        }
        let ids = script.asked.withLock { $0.map { $0.headers.first { $0.name == "X-Request-ID" }?.value } }
        #expect(ids.count == 3)
        #expect(Set(ids) == [error?.requestID])
    }

    @Test func `beyond its reserve, a client retries at most a tenth of its calls`() async throws {
        let script = Script([.failure(WireError(away))])
        let transport = transport(script)
        let calls = 1000
        for _ in 0..<calls {
            await #expect(throws: APIError.self) { try await transport.send(TransportRequest(.get, ["a"])) }
        }
        // The reserve is full at the first call.
        #expect(script.count == calls + RetryBudget.reserve + (calls - 1) / 10)
    }

    @Test func `a client waits as long as the server requests, unless the deadline prevents it`() async throws {
        let later = Self.answer(503, [("Retry-After", "1")])
        let script = Script([.success(later), .success(Self.answer(200))])
        let clock = ManualClock()
        let transport = HTTPTransport(
            wire: script, options: ClientOptions(retries: RetryPolicy(base: .zero), logger: silent), clock: clock)
        async let sent: Void = transport.send(TransportRequest(.get, ["a"]))
        try await eventually { script.count > 0 && clock.nextDeadline == clock.now.advanced(by: .seconds(1)) }
        clock.advance(by: .seconds(1))
        try await sent
        #expect(script.count == 2)

        let never = Script([.success(Self.answer(503, [("Retry-After", "3600")]))])
        let error = await #expect(throws: APIError.self) {
            try await self.transport(never).send(TransportRequest(.get, ["a"]))
        }
        #expect(error?.retryAfter == .seconds(3600))
        #expect(never.count == 1)
    }
}

@Suite("Line streams")
struct LineTests {
    @Test(arguments: 1...9)
    func `lines are complete, however the bytes are split`(size: Int) async throws {
        let text = "one\n\ntwo ü\r\nthree"
        let bytes = Array(text.utf8)
        let pieces = stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0..<min($0 + size, bytes.count)]) }
        var lines: [String] = []
        for try await line in ByteStream(RetryTests.Pieces(pieces)).lines { lines.append(line) }
        #expect(lines == ["one", "", "two ü\r", "three"])
    }

    @Test func `an overlong line is split and does not affect other lines`() {
        var splitter = LineSplitter(limit: 4)
        #expect(
            splitter.take(Array("1234\n12345\n12".utf8)).map { String(decoding: $0, as: UTF8.self) } == [
                "1234", "1234", "5",
            ])
        #expect(splitter.take(Array("34".utf8)).isEmpty)
        #expect(splitter.take(Array("567890".utf8)).map { String(decoding: $0, as: UTF8.self) } == ["1234", "5678"])
        #expect(splitter.rest.map { String(decoding: $0, as: UTF8.self) } == "90")
    }
}
