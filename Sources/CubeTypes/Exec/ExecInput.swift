/// A part of the input of a command in a session: the body of `POST /tasks/{id}/exec/{session}/input`. The call is idempotent by the
/// offset.
///
/// - Since: 0.1
public struct ExecInput: Codable, Hashable, Sendable {
    /// The maximum number of bytes of one part.
    public static let maximum = 64 << 10

    /// The number of bytes of input before this part.
    public var offset: Int
    /// The bytes, at most ``maximum``. In JSON, they are in Base64.
    public var data: [UInt8]
    /// Whether the input ends after this part.
    public var end: Bool

    enum CodingKeys: String, CodingKey { case offset, data, end }

    public init(offset: Int, data: [UInt8], end: Bool = false) {
        self.offset = offset
        self.data = data
        self.end = end
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        offset = try container.decode(Int.self, forKey: .offset)
        data = try container.decodeIfPresent(Base64.self, forKey: .data)?.bytes ?? []
        end = try container.decodeIfPresent(Bool.self, forKey: .end) ?? false
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(offset, forKey: .offset)
        try container.encode(Base64(data), forKey: .data)
        try container.encode(end, forKey: .end)
    }
}

/// How much of its input a command in a session has received.
///
/// - Since: 0.1
public struct ExecReceipt: Codable, Hashable, Sendable {
    /// The offset of the next part. It is lower than the end of the part that was sent if the command does not read its input.
    public var received: Int

    public init(received: Int) { self.received = received }
}
