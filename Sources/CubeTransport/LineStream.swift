extension ByteStream {
    /// The stream as lines of text, without line endings. Invalid UTF-8 is replaced by `U+FFFD`, and a line that is longer than
    /// ``ClientOptions/lineLimit`` is split.
    public var lines: LineStream { LineStream(base: self) }
}

/// The lines of a ``ByteStream``.
public struct LineStream: AsyncSequence, Sendable {
    public typealias Element = String
    public typealias Failure = any Error

    let base: ByteStream

    public struct AsyncIterator: AsyncIteratorProtocol {
        var base: ByteStream.AsyncIterator
        var splitter: LineSplitter
        var ready: ArraySlice<[UInt8]> = []
        var isOver = false

        public mutating func next() async throws -> String? {
            while ready.isEmpty, !isOver {
                if let bytes = try await base.next() {
                    ready = splitter.take(bytes)[...]
                } else {
                    isOver = true
                    ready = splitter.rest.map { [$0] } ?? []
                }
            }
            return ready.popFirst().map { String(decoding: $0, as: UTF8.self) }
        }
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(base: base.makeAsyncIterator(), splitter: LineSplitter(limit: base.lineLimit))
    }
}

/// Splits bytes into lines, independently of the chunks in which they arrive.
struct LineSplitter: Sendable {
    let limit: Int
    private var pending: [UInt8] = []

    init(limit: Int) { self.limit = max(limit, 1) }

    /// Returns the lines that are complete now, without their line feeds.
    mutating func take(_ bytes: [UInt8]) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let end = rest.firstIndex(of: UInt8(ascii: "\n"))
            let line = rest[..<(end ?? rest.endIndex)]
            let room = limit - pending.count
            if line.count > room {
                lines.append(pending + line.prefix(room))
                pending = []
                rest = rest.dropFirst(room)
            } else {
                pending += line
                rest = end.map { rest[($0 + 1)...] } ?? []
                guard end != nil else { break }
                lines.append(pending)
                pending = []
            }
        }
        return lines
    }

    /// The bytes after the last line feed; `nil` if there are none.
    var rest: [UInt8]? { pending.isEmpty ? nil : pending }
}
