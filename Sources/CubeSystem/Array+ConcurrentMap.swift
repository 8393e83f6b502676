import Dispatch

extension Array where Element: Sendable {
    /// The number of elements that a thread takes at a time.
    private static var share: Int { 16 }

    /// Transforms the elements on all cores, in any order. Blocks until all are transformed.
    package func concurrentMap<Result: Sendable>(_ transform: @Sendable (Element) -> Result) -> [Result] {
        guard count > Self.share else { return map(transform) }
        return [Result](unsafeUninitializedCapacity: count) { buffer, initialized in
            // Each thread initialises elements of its own.
            nonisolated(unsafe) let results = buffer
            DispatchQueue.concurrentPerform(iterations: (count + Self.share - 1) / Self.share) { share in
                for position in share * Self.share..<Swift.min((share + 1) * Self.share, count) {
                    results.initializeElement(at: position, to: transform(self[position]))
                }
            }
            initialized = count
        }
    }
}
