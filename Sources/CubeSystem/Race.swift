/// Runs an operation until it ends or `end` returns, and cancels the slower of the two.
///
/// - Returns: `nil` if `end` returned first.
/// - Throws: the error of whichever threw first.
package func race<Value: Sendable>(
    _ operation: @escaping @Sendable () async throws -> Value, until end: @escaping @Sendable () async throws -> Void
) async throws -> Value? {
    try await withThrowingTaskGroup(of: Value?.self) { group in
        defer { group.cancelAll() }
        group.addTask { try await operation() }
        group.addTask {
            try await end()
            return nil
        }
        // The group has two tasks, so there is a first result.
        return try await group.next()!
    }
}

extension Clock where Duration == Swift.Duration {
    /// Runs an operation with a time limit, and cancels it when the time is over.
    ///
    /// - Returns: `nil` if the time was over first.
    /// - Throws: the error of the operation; `CancellationError` if this task is cancelled.
    package func within<Value: Sendable>(
        _ limit: Duration, _ operation: @escaping @Sendable () async throws -> Value
    ) async throws -> Value? {
        try await race(operation) { try await sleep(for: limit) }
    }
}
