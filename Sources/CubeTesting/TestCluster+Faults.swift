public import CubeErrors

// MARK: - Outages of the manager

extension TestCluster {
    /// Ends the manager as `kill -9` does. Calls in progress and further calls fail with `unavailable`, also at ``endpoint``. Workers
    /// continue their tasks, and the manager's store is kept. Does nothing if no manager is running.
    public func stopManager() async { await components.manager.stop() }

    /// Starts a manager on the store of the previous one, under a new term, and waits until the cluster has settled. Does nothing if a
    /// manager is running or starting. If it cannot listen at ``endpoint``, the error ends the cluster.
    public func startManager() async throws { try await components.startManager() }

    /// Ends the manager as `kill -9` does, and immediately starts another one.
    public func restartManager() async throws {
        await stopManager()
        try await startManager()
    }
}

// MARK: - Delayed and failing calls

extension TestCluster {
    /// Delays every response of the manager. The manager carries out a call immediately and then holds its response back, so a call
    /// whose deadline passes meanwhile has taken effect. A long delay simulates a hanging manager. Responses to workers are not delayed.
    ///
    /// - Parameter delay: the delay on the cluster's clock; zero ends it. Responses that are already held back are not affected.
    public func delayAnswers(by delay: Duration) { components.faults.delay(by: delay) }

    /// Makes calls fail before the manager carries them out, regardless of the caller.
    ///
    /// Several failures of the same call occur in the order in which they were injected.
    ///
    /// - Parameters:
    ///   - call: the call.
    ///   - error: the error to return. Clients with retries repeat a call after errors such as `unavailable` and `timeout`.
    ///   - times: the number of calls that fail.
    public func fail(
        _ call: ManagerCall, with error: APIError = APIError(.unavailable, "injected by the test"), times: Int = 1
    ) {
        components.faults.fail(call, .before, with: error, times: times)
    }

    /// Makes the responses to calls get lost. The manager carries out the call, but the caller receives `unavailable` and cannot know
    /// whether the call took effect.
    ///
    /// - Parameters:
    ///   - call: the call.
    ///   - times: the number of lost responses.
    public func loseAnswers(of call: ManagerCall, times: Int = 1) {
        components.faults.fail(call, .after, with: APIError(.unavailable, "the response was lost"), times: times)
    }

    /// Removes the remaining failures that ``fail(_:with:times:)`` and ``loseAnswers(of:times:)`` injected into a call.
    ///
    /// - Parameter call: the call.
    public func stopFailing(_ call: ManagerCall) { components.faults.clear(call) }
}
