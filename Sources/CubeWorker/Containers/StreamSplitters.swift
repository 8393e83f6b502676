import NIOCore

/// Splits the multiplexed output of a container into frames.
///
/// A frame has a header of 8 bytes: the number of the stream, three zeros, and the length of the payload in big-endian order.
/// See `POST /containers/{id}/attach` in the reference of the Engine API.
struct FrameSplitter {
    struct Frame: Hashable {
        /// 1 for standard output, 2 for standard error.
        var stream: UInt8
        var payload: [UInt8]
    }

    private var pending: [UInt8] = []

    /// Returns the frames that are complete after more bytes have arrived.
    mutating func take(_ bytes: some Sequence<UInt8>) -> [Frame] {
        pending += bytes
        var frames: [Frame] = []
        var start = 0
        while pending.count - start >= 8 {
            let length = pending[start + 4..<start + 8].reduce(0) { $0 << 8 | Int($1) }
            guard pending.count - start - 8 >= length else { break }
            frames.append(Frame(stream: pending[start], payload: Array(pending[start + 8..<start + 8 + length])))
            start += 8 + length
        }
        pending.removeFirst(start)
        return frames
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
