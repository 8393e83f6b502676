/// Bytes as they come, in pieces of any size. What sends them is read only as fast as this is; giving it up, or cancelling the
/// task that reads it, closes the connection. It is read once.
public struct ByteStream: AsyncSequence, Sendable {
    public typealias Element = [UInt8]
    public typealias Failure = any Error
    typealias Pull = @Sendable () async throws -> [UInt8]?

    private let open: @Sendable () -> Pull
    /// The longest line that ``lines`` keeps together.
    let lineLimit: Int

    /// - Parameter base: read by one task at a time.
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

    /// Unchecked: one task alone reads a stream at a time.
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

    /// The same stream with each of its pulls done in another way.
    func pulling(_ change: @Sendable @escaping (@escaping Pull) async throws -> [UInt8]?) -> ByteStream {
        ByteStream(lineLimit: lineLimit) { [open] in
            let pull = open()
            return { try await change(pull) }
        }
    }

    /// The same stream with another limit of its lines.
    func limitingLines(to limit: Int) -> ByteStream { ByteStream(lineLimit: limit, open: open) }

    /// Everything that comes.
    ///
    /// - Returns: `nil` where it is more than `limit` bytes.
    func collect(upTo limit: Int) async throws -> [UInt8]? {
        var collected: [UInt8] = []
        for try await bytes in self {
            guard collected.count + bytes.count <= limit else { return nil }
            if collected.isEmpty { collected = bytes } else { collected += bytes }
        }
        return collected
    }
}
