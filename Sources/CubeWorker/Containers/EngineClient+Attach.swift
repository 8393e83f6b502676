import AsyncHTTPClient
import CubeTypes
import NIOCore
import NIOHTTP1

extension EngineClient {
    /// Creates a command in a running container, with its streams attached, and returns its ID.
    func createExec(_ request: ExecRequest, environment: [String], in name: String) async throws -> String {
        struct Create: Encodable {
            var attachStdin: Bool
            var attachStdout = true
            var attachStderr = true
            var tty: Bool
            var env: [String]
            var cmd: [String]
        }
        struct Created: Decodable, Sendable { var id: String }
        let body = Create(
            attachStdin: request.interactive, tty: request.tty, env: environment, cmd: request.command)
        let created: Created = try await send(try .post("/containers/\(name)/exec", json: body))
        return created.id
    }

    /// Changes the size of the terminal of a command.
    func resizeExec(_ id: String, to size: TerminalSize) async throws {
        try await send(try .post("/exec/\(id)/resize", [("h", "\(size.rows)"), ("w", "\(size.columns)")]))
    }

    /// Starts a command, after which the connection carries its streams.
    ///
    /// - Parameter body: uses the connection, with the bytes that arrived with the response.
    /// - Throws: `EngineError` if the engine refuses.
    func startExec<Value: Sendable>(
        _ id: String, tty: Bool,
        _ body: (
            RawBytes, NIOAsyncChannelOutboundWriter<ByteBuffer>, _ first: ByteBuffer
        ) async throws -> Value
    ) async throws -> Value {
        let version = try await identify().version
        let json = try EngineJSON.encode(ExecStart(tty: tty))
        let head = """
            POST /v\(version)/exec/\(id)/start HTTP/1.1\r
            Host: localhost\r
            User-Agent: cube\r
            Connection: Upgrade\r
            Upgrade: tcp\r
            Content-Type: application/json\r
            Content-Length: \(json.count)\r
            \r

            """
        let connection: RawConnection
        do { connection = try await RawConnection.connect(to: socket) } catch { throw failure(error) }
        do {
            return try await connection.use { inbound, outbound in
                try await outbound.write(ByteBuffer(bytes: Array(head.utf8) + json))
                var received = UpgradeResponse()
                while !received.isComplete, let buffer = try await inbound.next() {
                    received.take(buffer.readableBytesView)
                }
                try Task.checkCancellation()
                let rest = try received.upgraded(socket: socket)
                return try await body(inbound, outbound, ByteBuffer(bytes: rest))
            }
        } catch {
            throw failure(error)
        }
    }
}

private struct ExecStart: Encodable {
    var detach = false
    var tty: Bool
}

/// The response to a request that asks for an upgrade of its connection.
struct UpgradeResponse {
    private var bytes: [UInt8] = []
    private static let longestHead = 64 << 10

    mutating func take(_ more: some Sequence<UInt8>) { bytes += more }

    /// Whether the head has arrived and, if the engine refuses, the message too.
    var isComplete: Bool {
        guard let (head, body) = parts else { return bytes.count > Self.longestHead }
        return isSuccess(head) || body.count >= length(head)
    }

    /// Returns the bytes after the head.
    ///
    /// - Throws: `EngineError` if the connection was not upgraded.
    func upgraded(socket: String) throws -> ArraySlice<UInt8> {
        guard let (head, body) = parts else {
            throw EngineError.unreachable(socket: socket, cause: "it closed the connection without a response")
        }
        guard !isSuccess(head) else { return body }
        struct Answer: Decodable { var message: String }
        // Otherwise, the text is the message.
        let answer = try? EngineJSON.decode(Answer.self, from: Array(body))
        let text = answer?.message ?? String(decoding: body.prefix(500), as: UTF8.self)
        throw EngineError.refused(status: status(head) ?? 0, message: text)
    }

    /// The lines of the head, and the bytes after it; `nil` if the head has not arrived.
    private var parts: (head: [String], body: ArraySlice<UInt8>)? {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
        return (head.split(separator: "\r\n").map(String.init), bytes[end.upperBound...])
    }

    private func status(_ head: [String]) -> Int? {
        head.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
    }

    /// Whether the connection carries the streams now. Some engines respond with 200 instead of 101.
    private func isSuccess(_ head: [String]) -> Bool { status(head).map { [101, 200].contains($0) } ?? false }

    private func length(_ head: [String]) -> Int {
        let field = head.first { $0.lowercased().hasPrefix("content-length:") }
        return field.flatMap { Int($0.dropFirst("content-length:".count).trimmed) } ?? 0
    }
}

extension Substring {
    fileprivate var trimmed: Substring { drop { $0 == " " }.prefix { $0 != " " } }
}
