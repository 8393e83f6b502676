import CubeErrors
import CubeJSON
import CubeSystem
package import CubeTypes
import CubeVersion
import Instrumentation
import Logging
import Metrics
import Tracing

/// The only way to make a call. It applies JSON coding, the token, deadlines, retries and limits, and maps all failures to `APIError`.
package struct HTTPTransport: Sendable {
    package let options: ClientOptions
    private let wire: any Wire
    private let token: String?
    /// Why no request is sent; `nil` if requests are sent.
    private var refusal: APIError?
    private let deadlines: Deadlines
    /// The source of the ids of requests.
    package let random: RandomSource
    /// Returns the share of the maximum pause to wait before another attempt, a random number from 0 to 1.
    let chance: @Sendable () -> Double
    let memory = ClientMemory()

    /// - Parameter token: the token, which may name the authority of the server; a Unix socket needs none.
    package init(
        endpoint: Endpoint, token: String?, options: ClientOptions = ClientOptions(),
        clock: (any Clock<Duration>)? = nil
    ) {
        self.init(
            wire: NetworkWire(endpoint, options: options.trusting(token)), token: token, options: options,
            clock: clock)
        refusal = token.flatMap { AccessToken($0) }?.refusal(at: endpoint)
    }

    /// - Parameters:
    ///   - wire: the wire that carries the requests.
    ///   - clock: the clock for deadlines and pauses; `nil` for the clock of the machine.
    ///   - chance: returns a random number from 0 to 1, which varies the pauses between attempts; `nil` for
    ///     one that is drawn from `random`.
    ///   - random: the source of the ids of requests.
    package init(
        wire: any Wire, token: String? = nil, options: ClientOptions = ClientOptions(),
        clock: (any Clock<Duration>)? = nil, chance: (@Sendable () -> Double)? = nil, random: RandomSource = .system
    ) {
        self.random = random
        self.chance = chance ?? random.fraction
        self.wire = wire
        // The server knows only the secret. Text that is not a token is sent as it is, so that the error is about the token.
        self.token = token.map { AccessToken($0)?.secret ?? $0 }
        self.options = options
        deadlines = clock.map(Deadlines.init) ?? .ofProcess
    }

    /// The name of the server in messages.
    package var name: String { wire.name }
    /// The clock for all deadlines and pauses.
    package var clock: any Clock<Duration> { deadlines.clock }

    /// Sends a request and decodes the response.
    ///
    /// - Throws: `APIError`, returned by the server or created for a failed request; `CancellationError`.
    package func send<Answer: Decodable & Sendable>(
        _ request: TransportRequest, as type: Answer.Type = Answer.self
    ) async throws -> Answer {
        try await exchange(request, as: type).answer
    }

    /// Sends a request, and returns the status and the decoded response.
    package func exchange<Answer: Decodable & Sendable>(
        _ request: TransportRequest, as type: Answer.Type = Answer.self
    ) async throws -> (status: Int, answer: Answer) {
        try await perform(request) { answer, label in
            let body = try await body(of: answer, request, label: label)
            do {
                return (answer.status, try JSONBytesDecoder.answer(from: body))
            } catch {
                let reason = (error as? DecodingError).map { "\(ValidationError($0))" } ?? "it cannot be decoded"
                throw APIError(
                    .malformedAnswer,
                    "\(label): the response (\(answer.header("content-type") ?? "no content type")) is not a \(Answer.self): \(reason)"
                )
            }
        }
    }

    /// Sends a request whose response has no content.
    package func send(_ request: TransportRequest) async throws {
        try await perform(request, whenGone: ()) { answer, label in
            _ = try await body(of: answer, request, label: label)
        }
    }

    /// Sends a request and returns the response body as a stream. The request deadline applies to the head of the response. A body
    /// that does not follow new output may not stall for longer than ``ClientOptions/silenceDeadline``.
    package func stream(_ request: TransportRequest, follows: Bool) async throws -> ByteStream {
        try await perform(request) { answer, label in
            let body = answer.body.limitingLines(to: options.lineLimit)
            let (deadlines, silence) = (deadlines, options.silenceDeadline)
            return body.pulling { pull in
                do {
                    guard !follows else { return try await pull() }
                    return try await deadlines.within(silence, pull)
                } catch is DeadlineExceeded {
                    throw APIError(.timeout, "\(label): the response stalled for \(silence.text)")
                } catch let error as WireError {
                    throw error.error
                }
            }
        }
    }
}

// MARK: - Attempts

extension HTTPTransport {
    /// Makes a call with all its attempts.
    ///
    /// - Parameters:
    ///   - whenGone: for a call that removes something, the result if the target is already gone because an earlier attempt, whose
    ///     response was lost, may have removed it.
    ///   - use: reads a successful response, within the deadline of the attempt.
    private func perform<Value: Sendable>(
        _ request: TransportRequest, whenGone: Value? = nil,
        _ use: @Sendable @escaping (WireAnswer, _ label: String) async throws -> Value
    ) async throws -> Value {
        try await withSpan("cube.\(request.operation)", ofKind: .client) { span in
            var prepared = try prepare(request)
            InstrumentationSystem.instrument.inject(span.context, into: &prepared.headers, using: HeaderInjector())
            return try await perform(request, prepared, whenGone: whenGone, on: deadlines.clock, use)
        }
    }

    private func perform<Value: Sendable, Time: Clock<Duration>>(
        _ request: TransportRequest, _ prepared: WireRequest, whenGone: Value?, on clock: Time,
        _ use: @Sendable @escaping (WireAnswer, _ label: String) async throws -> Value
    ) async throws -> Value {
        let (attemptDeadline, totalDeadline) = request.deadlines(options)
        let began = clock.now
        let end = began.advanced(by: totalDeadline)
        memory.countCall(options.retries)
        var attempt = 1
        var mayHaveActed = false
        while true {
            var error: APIError
            let mayRepeat: Bool
            do {
                let value = try await deadlines.within(min(attemptDeadline, clock.now.duration(to: end))) {
                    try await self.attempt(request, prepared, use)
                }
                Self.record(request, outcome: "ok", began.duration(to: clock.now))
                return value
            } catch is DeadlineExceeded {
                error = .noAnswer(
                    prepared.label(at: wire.name), within: began.duration(to: clock.now), attempts: attempt)
                mayRepeat = request.isIdempotent
                mayHaveActed = true
            } catch let failure as WireError {
                error = failure.error
                mayRepeat = request.isIdempotent || !failure.mayHaveArrived
                mayHaveActed = mayHaveActed || failure.mayHaveArrived
            } catch let failure as APIError {
                if let whenGone, mayHaveActed, failure.isFromServer, failure.reason == request.goneReason {
                    Self.record(request, outcome: "ok", began.duration(to: clock.now))
                    return whenGone
                }
                let isUnserved = [.tooManyRequests, .notLeader].contains(failure.reason)
                error = failure
                mayRepeat = request.isIdempotent || isUnserved
                mayHaveActed = mayHaveActed || !isUnserved
            }
            error.requestID = error.requestID ?? prepared.headers.first { $0.name == Self.requestID }?.value
            guard mayRepeat, let pause = options.retries.pause(after: attempt, error, share: chance()),
                clock.now.advanced(by: pause) < end, memory.takeRetry()
            else {
                Self.record(request, outcome: error.reason.rawValue, began.duration(to: clock.now))
                throw error
            }
            options.logger.debug("retrying", metadata: ["error": "\(error)", "pause": "\(pause)"])
            Counter(
                label: "cube_client_retries",
                dimensions: [("operation", request.operation), ("reason", error.reason.rawValue)]
            ).increment()
            try await clock.sleep(for: pause, tolerance: nil)
            attempt += 1
        }
    }

    private func attempt<Value: Sendable>(
        _ request: TransportRequest, _ prepared: WireRequest,
        _ use: @Sendable (WireAnswer, _ label: String) async throws -> Value
    ) async throws -> Value {
        let answer = try await wire.exchange(prepared)
        let label = prepared.label(at: answer.origin)
        if let header = answer.header(VersionInfo.headerName), let problem = memory.problem(with: header) {
            throw APIError(.incompatibleVersion, "\(label): \(problem)")
        }
        if let header = answer.header(Deprecation.headerName), memory.isFirst(deprecated: request.operation) {
            warn(header, label: label)
        }
        guard (200..<300).contains(answer.status) else {
            throw try await error(of: answer, request, label: label)
        }
        return try await use(answer, label)
    }

    private func warn(_ header: String, label: String) {
        guard let deprecation = Deprecation(header: header) else { return }
        options.logger.warning(
            "\(label) is deprecated since Cube \(deprecation.since) and will be removed in \(deprecation.until); use \(deprecation.replacement)"
        )
    }

    private static func record(_ request: TransportRequest, outcome: String, _ span: Duration) {
        let (seconds, attoseconds) = span.components
        Timer(
            label: "cube_client_request_duration",
            dimensions: [("operation", request.operation), ("outcome", outcome)]
        ).recordNanoseconds(seconds &* 1_000_000_000 &+ attoseconds / 1_000_000_000)
    }
}

// MARK: - Requests and responses

extension HTTPTransport {
    private static let requestID = "X-Request-ID"

    private func prepare(_ request: TransportRequest) throws -> WireRequest {
        if let refusal { throw refusal }
        var headers = [
            (name: "Accept", value: "application/json"), (name: "User-Agent", value: "cube/\(ProductVersion.current)"),
            (name: Self.requestID, value: random.uuid()),
        ]
        if let token { headers.append((name: "Authorization", value: "Bearer \(token)")) }
        if request.method == .post || request.method == .put {
            headers.append((name: "Content-Type", value: "application/json"))
        }
        return WireRequest(
            method: request.method.rawValue, target: request.target, headers: headers,
            body: try request.body.map { try JSONBytesEncoder.bytes(of: $0) })
    }

    private func body(of answer: WireAnswer, _ request: TransportRequest, label: String) async throws -> [UInt8] {
        let limit = request.answerLimit ?? options.answerLimit
        guard let body = try await answer.body.collect(upTo: limit) else {
            throw APIError(.malformedAnswer, "\(label): the response is larger than \(limit) bytes")
        }
        return body
    }

    /// Returns the error of a response: the decoded Cube error, or an error by status if a proxy or another program responded.
    private func error(of answer: WireAnswer, _ request: TransportRequest, label: String) async throws -> APIError {
        let body = try await body(of: answer, request, label: label)
        var error: APIError
        do {
            error = try JSONBytesDecoder.answer(from: body)
        } catch {
            return foreignError(answer, body, label: label)
        }
        error.retryAfter = retryAfter(of: answer)
        return error
    }

    private func foreignError(_ answer: WireAnswer, _ body: [UInt8], label: String) -> APIError {
        var error = APIError(
            label: label, status: answer.status, contentType: answer.header("content-type"),
            body: String(decoding: body.prefix(4096), as: UTF8.self))
        error.retryAfter = retryAfter(of: answer)
        return error
    }

    private func retryAfter(of answer: WireAnswer) -> Duration? {
        answer.header("retry-after").flatMap { Int($0) }.flatMap { $0 >= 0 ? .seconds($0) : nil }
    }
}

/// Injects the context of a trace into the header fields of a request.
private struct HeaderInjector: Injector {
    func inject(_ value: String, forKey key: String, into headers: inout [(name: String, value: String)]) {
        headers.append((name: key, value: value))
    }
}

extension AccessToken {
    /// Returns the error for a server that must not receive the token; `nil` if it may. A token that names an authority belongs to a
    /// server that speaks TLS, so it crosses no network in clear text.
    fileprivate func refusal(at endpoint: Endpoint) -> APIError? {
        guard fingerprint != nil, !endpoint.isSecure, !endpoint.address.isOfThisMachineAlone else { return nil }
        return APIError(
            .validationFailed,
            "\(endpoint): the token has a fingerprint, so it is not sent without TLS; use "
                + "\(Endpoint(endpoint.address, isSecure: true)), or, if the server runs with --insecure, only the part before the dot"
        )
    }
}
