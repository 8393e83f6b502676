import Dispatch

extension RandomAccessCollection where Self: Sendable, Index == Int {
    /// Transforms shares of the elements on all cores, in any order. Blocks until all are transformed.
    ///
    /// - Parameter size: the number of elements of a share, which should be a lot of work for a thread. The last one may have fewer.
    package func concurrentMap<Result: Sendable>(
        inSharesOf size: Int, _ transform: @Sendable (SubSequence) -> Result
    ) -> [Result] {
        let shares = (count + size - 1) / size
        @Sendable func share(_ number: Int) -> SubSequence {
            let start = startIndex + number * size
            return self[start..<Swift.min(start + size, endIndex)]
        }
        guard shares > 1 else { return (0..<shares).map { transform(share($0)) } }
        return [Result](unsafeUninitializedCapacity: shares) { buffer, initialized in
            // Each thread initialises elements of its own.
            nonisolated(unsafe) let results = buffer
            DispatchQueue.concurrentPerform(iterations: shares) { number in
                results.initializeElement(at: number, to: transform(share(number)))
            }
            initialized = shares
        }
    }
}
