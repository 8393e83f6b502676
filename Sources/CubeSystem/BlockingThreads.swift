import Dispatch
import Synchronization

/// Threads for work that waits for a disk rather than for a processor. A disk carries out several durable writes at a time, so that
/// they need not wait for each other.
package final class BlockingThreads: Sendable {
    /// Each queue has a thread of its own while it has work.
    private let queues: [DispatchQueue]
    /// The number of calls of ``run(_:)``.
    private let calls = Atomic(0)

    package init(_ label: String, count: Int) {
        queues = (0..<count).map { DispatchQueue(label: "\(label)-\($0)") }
    }

    /// Performs work on one of the threads, which take turns, and waits for it without blocking the caller's thread.
    package func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        let call = calls.add(1, ordering: .relaxed).oldValue
        return try await withCheckedThrowingContinuation { continuation in
            queues[call % queues.count].async { continuation.resume(with: Result(catching: work)) }
        }
    }

    /// Transforms elements on all threads, in any order. Blocks until all are transformed.
    package func map<Element: Sendable, Result: Sendable>(
        _ elements: [Element], _ transform: @Sendable (Element) -> Result
    ) -> [Result] {
        withoutActuallyEscaping(transform) { transform in
            [Result](unsafeUninitializedCapacity: elements.count) { buffer, initialized in
                // Each thread initialises elements of its own.
                nonisolated(unsafe) let results = buffer
                let (group, step) = (DispatchGroup(), queues.count)
                for (number, queue) in queues.prefix(elements.count).enumerated() {
                    queue.async(group: group) {
                        for index in stride(from: number, to: elements.count, by: step) {
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
