/// Evaluates a condition again and again until it holds.
///
/// The time limit of the test bounds the wait, because it cancels the test: a loop that ignored that would spin on and
/// keep the whole run from ending.
package func eventually(_ condition: () async throws -> Bool) async throws {
    while try await !condition() {
        try Task.checkCancellation()
        await Task.yield()
    }
}
