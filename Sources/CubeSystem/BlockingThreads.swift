import Dispatch

/// Threads for work that waits for a disk rather than for a processor. A disk carries out several durable writes at a time, so that
/// they need not wait for each other.
package struct BlockingThreads: Sendable {
    /// Each queue has a thread of its own while it has work.
    private let queues: [DispatchQueue]

    package init(_ label: String, count: Int) {
        queues = (0..<count).map { DispatchQueue(label: "\(label)-\($0)") }
    }

    /// Transforms elements on all threads, in any order. Blocks until all are transformed.
    package func map<Element: Sendable, Result: Sendable>(
        _ elements: [Element], _ transform: @Sendable (Element) -> Result
    ) -> [Result] {
        withoutActuallyEscaping(transform) { transform in
            [Result](unsafeUninitializedCapacity: elements.count) { buffer, initialized in
                // Each thread initialises elements of its own.
                nonisolated(unsafe) let results = buffer
                let group = DispatchGroup()
                for (number, queue) in queues.prefix(elements.count).enumerated() {
                    queue.async(group: group) {
                        for index in stride(from: number, to: elements.count, by: queues.count) {
                            results.initializeElement(at: index, to: transform(elements[index]))
                        }
                    }
                }
                group.wait()
                initialized = elements.count
            }
        }
    }
}
