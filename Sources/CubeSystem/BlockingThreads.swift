import Dispatch
import Synchronization

/// Threads for work that waits for a disk rather than for a processor. A disk carries out several durable writes at a time, so that
/// they need not wait for each other.
package final class BlockingThreads: Sendable {
    /// Each queue has a thread of its own while it has work.
    private let queues: [DispatchQueue]
    /// How much work of ``run(_:)`` each queue has.
    private let loads: Mutex<[Int]>

    package init(_ label: String, count: Int) {
        queues = (0..<count).map { DispatchQueue(label: "\(label)-\($0)") }
        loads = Mutex(Array(repeating: 0, count: count))
    }

    /// Performs work on the thread that has the least, and waits for it without blocking the caller's thread.
    package func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        let number = loads.withLock { loads in
            let number = loads.indices.min { loads[$0] < loads[$1] }!
            loads[number] += 1
            return number
        }
        defer { loads.withLock { $0[number] -= 1 } }
        return try await withCheckedThrowingContinuation { continuation in
            queues[number].async { continuation.resume(with: Result(catching: work)) }
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
