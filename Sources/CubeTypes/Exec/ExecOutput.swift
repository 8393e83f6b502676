import CubeErrors

/// A part of the output of a command in a session: the response to `GET /tasks/{id}/exec/{session}/output`.
///
/// - Since: 0.1
public struct ExecOutput: Codable, Hashable, Sendable {
    /// The offset after this part, for the next request. Offsets count the bytes of both streams together.
    public var next: Int
    /// The output in the order in which it was read. The order between the two streams is approximate.
    public var chunks: [ExecChunk]
    /// How the command ended; `nil` while it runs, or if more output follows.
    public var end: ExecEnd?

    public init(next: Int, chunks: [ExecChunk], end: ExecEnd? = nil) {
        self.next = next
        self.chunks = chunks
        self.end = end
    }
}

/// Bytes that a command wrote to one of its output streams.
///
/// - Since: 0.1
public struct ExecChunk: Codable, Hashable, Sendable {
    /// The stream; with a terminal, always `stdout`.
    public var stream: ExecStream
    /// The bytes. In JSON, they are in Base64.
    public var data: [UInt8]

    enum CodingKeys: String, CodingKey { case stream, data }

    public init(stream: ExecStream, data: [UInt8]) {
        self.stream = stream
        self.data = data
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        stream = try container.decode(ExecStream.self, forKey: .stream)
        data = try container.decode(Base64.self, forKey: .data).bytes
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(stream, forKey: .stream)
        try container.encode(Base64(data), forKey: .data)
    }
}

/// An output stream of a command; an open set.
///
/// - Since: 0.1
public struct ExecStream: OpenSet {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Standard output, or everything that appears on the command's terminal.
    public static let output: ExecStream = "stdout"
    /// Standard error.
    public static let errors: ExecStream = "stderr"
}

/// How a command in a session ended.
///
/// - Since: 0.1
public struct ExecEnd: Codable, Hashable, Sendable {
    /// The exit code, as a shell reports it: 128 plus the number of the signal that ended the command, 127 if its program does not
    /// exist, 126 if its program cannot be executed, 125 if the worker or its engine failed.
    public var code: Int
    /// Why the command could not be started or was ended, for a person; `nil` if it ended by itself.
    public var message: String?

    public init(code: Int, message: String? = nil) {
        self.code = code
        self.message = message
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        code = try container.decode(Int.self, forKey: .code)
        message = try container.readTextIfPresent(forKey: .message)
    }
}
