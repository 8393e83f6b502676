import NIOCore

/// Splits the multiplexed output of a container into the payloads of its frames, of both streams in their order.
///
/// A frame has a header of 8 bytes: the number of the stream, three zeros, and the length of the payload in big-endian order.
/// See `POST /containers/{id}/attach` in the reference of the Engine API.
struct FrameSplitter {
    private var pending: [UInt8] = []

    /// Returns the payloads that are complete after more bytes have arrived.
    mutating func take(_ bytes: some Sequence<UInt8>) -> [ArraySlice<UInt8>] {
        pending += bytes
        var payloads: [ArraySlice<UInt8>] = []
        var rest = pending[...]
        while rest.count >= 8 {
            let length = rest.dropFirst(4).prefix(4).reduce(0) { $0 << 8 | Int($1) }
            guard rest.count - 8 >= length else { break }
            payloads.append(rest.dropFirst(8).prefix(length))
            rest = rest.dropFirst(8 + length)
        }
        pending = Array(rest)
        return payloads
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
