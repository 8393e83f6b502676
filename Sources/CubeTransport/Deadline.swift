import CubeErrors

/// Runs `operation` and cancels it when `span` is over.
///
/// - Throws: `timeout` then; otherwise what `operation` throws.
func withDeadline<Value: Sendable>(
    _ span: Duration, clock: any Clock<Duration>, of what: @autoclosure () -> String,
    _ operation: @Sendable @escaping () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value?.self) { group in
        defer { group.cancelAll() }
        group.addTask { try await operation() }
        group.addTask {
            try await clock.sleep(for: span)
            return nil
        }
        guard let first = try await group.next(), let value = first else {
            throw APIError.onTheWay(.timeout, "\(what()): no answer within \(span)")
        }
        return value
    }
}
