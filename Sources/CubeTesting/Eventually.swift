/// Evaluates a condition repeatedly until it holds.
///
/// The time limit of the test ends the wait by cancelling the test. A loop without this check would spin forever and keep the
/// whole test run from ending.
package func eventually(_ condition: () async throws -> Bool) async throws {
    while try await !condition() {
        try Task.checkCancellation()
        await Task.yield()
    }
}
