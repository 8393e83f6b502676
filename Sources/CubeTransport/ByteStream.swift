/// A stream of bytes in chunks of any size, with back pressure: the sender is read only as fast as the stream is consumed. The
/// connection is closed when the iterator is discarded or the consuming task is cancelled. A stream can be iterated once.
public struct ByteStream: AsyncSequence, Sendable {
    public typealias Element = [UInt8]
    public typealias Failure = any Error
    typealias Pull = @Sendable () async throws -> [UInt8]?

    private let open: @Sendable () -> Pull
    /// The length at which ``lines`` splits a line.
    let lineLimit: Int

    /// - Parameter base: the chunks; only one task at a time iterates them.
    package init<Base: AsyncSequence & Sendable>(_ base: Base, lineLimit: Int = 1 << 20)
    where Base.Element == [UInt8], Base.AsyncIterator: SendableMetatype {
        self.lineLimit = lineLimit
        open = {
            let source = Source(iterator: base.makeAsyncIterator())
            return { try await source.next() }
        }
    }

    private init(lineLimit: Int, open: @Sendable @escaping () -> Pull) {
        self.lineLimit = lineLimit
        self.open = open
    }

    /// Unchecked, because only one task at a time reads a stream.
    private final class Source<Iterator: AsyncIteratorProtocol>: @unchecked Sendable
    where Iterator.Element == [UInt8] {
        private var iterator: Iterator

        init(iterator: Iterator) { self.iterator = iterator }

        @concurrent func next() async throws -> [UInt8]? { try await iterator.next() }
    }

    public struct AsyncIterator: AsyncIteratorProtocol {
        let pull: Pull

        public mutating func next() async throws -> [UInt8]? { try await pull() }
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(pull: open()) }

    /// Returns the same stream, with each read of a chunk wrapped in a function.
    func pulling(_ change: @Sendable @escaping (@escaping Pull) async throws -> [UInt8]?) -> ByteStream {
        ByteStream(lineLimit: lineLimit) { [open] in
            let pull = open()
            return { try await change(pull) }
        }
    }

    /// Returns the same stream with another line limit.
    func limitingLines(to limit: Int) -> ByteStream { ByteStream(lineLimit: limit, open: open) }

    /// Reads the stream to its end.
    ///
    /// - Returns: all bytes, or `nil` if there are more than `limit` bytes.
    func collect(upTo limit: Int) async throws -> [UInt8]? {
        var collected: [UInt8] = []
        for try await bytes in self {
            guard collected.count + bytes.count <= limit else { return nil }
            if collected.isEmpty { collected = bytes } else { collected += bytes }
        }
        return collected
    }
}
