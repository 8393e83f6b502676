import NIOCore

/// Splits the multiplexed output of a container into its frames.
///
/// A frame has a header of 8 bytes: the number of the stream, three zeros, and the length of the payload in big-endian order.
/// See `POST /containers/{id}/attach` in the reference of the Engine API. The supervisor of a command beside a program uses the same
/// format.
struct FrameSplitter {
    private var pending: [UInt8] = []

    /// Returns the payloads of both streams, in their order, that are complete after more bytes have arrived.
    mutating func take(_ bytes: some Sequence<UInt8>) -> [ArraySlice<UInt8>] { frames(in: bytes).map(\.payload) }

    /// Returns the frames that are complete after more bytes have arrived.
    mutating func frames(in bytes: some Sequence<UInt8>) -> [(stream: UInt8, payload: ArraySlice<UInt8>)] {
        pending += bytes
        var frames: [(stream: UInt8, payload: ArraySlice<UInt8>)] = []
        var rest = pending[...]
        while rest.count >= 8 {
            let length = rest.dropFirst(4).prefix(4).reduce(0) { $0 << 8 | Int($1) }
            guard rest.count - 8 >= length else { break }
            frames.append((rest.first!, rest.dropFirst(8).prefix(length)))
            rest = rest.dropFirst(8 + length)
        }
        pending = Array(rest)
        return frames
    }

    /// Returns the bytes of a frame.
    static func frame(_ stream: UInt8, _ payload: [UInt8]) -> [UInt8] {
        let length = UInt32(payload.count)
        return [stream, 0, 0, 0] + stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: length >> $0) }
            + payload
    }
}

/// Splits a stream of messages, each of which is a line, into the messages.
struct MessageSplitter {
    private var pending: [UInt8] = []

    /// Returns the lines that are complete after more bytes have arrived.
    mutating func take(_ bytes: some Sequence<UInt8>) -> [[UInt8]] {
        pending += bytes
        let parts = pending.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        pending = Array(parts.last ?? [])
        return parts.dropLast().map { Array($0) }
    }
}
