/// Evaluates a condition repeatedly until it holds: at first at once, as most hold after a few steps of other tasks, and then each
/// few milliseconds, so that tests that wait leave the processors to those that work. It is for what no clock of the test decides, such
/// as the end of a process.
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
