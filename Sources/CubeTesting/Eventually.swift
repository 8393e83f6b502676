/// Evaluates a condition again and again until it holds. Use it for what no clock of the test decides, such as the end of a process.
///
/// Most conditions hold after a few steps of other tasks. If not, it pauses for some milliseconds between two attempts, and so leaves the
/// processors to what the test waits for.
///
/// The time limit of the test ends the wait by cancelling the test.
package func eventually(_ condition: () async throws -> Bool) async throws {
    var attempts = 0
    while try await !condition() {
        try Task.checkCancellation()
        attempts += 1
        if attempts < 100 { await Task.yield() } else { try await Task.sleep(for: .milliseconds(5)) }
    }
}
