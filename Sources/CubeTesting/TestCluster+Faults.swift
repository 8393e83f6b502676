public import CubeErrors

// MARK: - The manager comes and goes

extension TestCluster {
    /// Ends the manager as `kill -9` does. Calls under way break off, and further ones find nobody, over ``endpoint`` too: both are
    /// `unavailable`. Workers go on with their tasks, and what the manager stored is kept. Without a manager, nothing happens.
    public func stopManager() async { await parts.seat.stop() }

    /// Starts a manager with what the last one stored, under a new term, and waits until the cluster has settled. With a manager, or
    /// while one is started, nothing happens. An error that keeps it from listening at ``endpoint`` ends the cluster.
    public func startManager() async throws { try await parts.startManager() }

    /// Ends the manager as `kill -9` does, and starts another one at once.
    public func restartManager() async throws {
        await stopManager()
        try await startManager()
    }
}

// MARK: - Its answers are late, or errors

extension TestCluster {
    /// Lets each answer of the manager take so much longer. It acts at once, and then holds the answer back: a call whose deadline
    /// passes meanwhile was served. A long delay is a manager that hangs. Workers are answered at once.
    ///
    /// - Parameter delay: on the cluster's clock; zero ends it. Answers that are held back already are not changed.
    public func delayAnswers(by delay: Duration) { parts.faults.delay(by: delay) }

    /// Lets calls fail, whoever makes them, before the manager does anything.
    ///
    /// Failures of one call that are asked for one after the other happen in this order.
    ///
    /// - Parameters:
    ///   - call: which call.
    ///   - error: what is answered. A client that makes a call again does so after `unavailable`, `timeout` and the like.
    ///   - times: how many calls fail.
    public func fail(
        _ call: ManagerCall, with error: APIError = APIError(.unavailable, "the test says so"), times: Int = 1
    ) {
        parts.faults.fail(call, .before, with: error, times: times)
    }

    /// Lets the manager serve calls whose answers get lost: the caller learns that it is `unavailable`, and cannot know that it
    /// acted.
    ///
    /// - Parameters:
    ///   - call: which call.
    ///   - times: how many answers are lost.
    public func loseAnswers(of call: ManagerCall, times: Int = 1) {
        parts.faults.fail(call, .after, with: APIError(.unavailable, "the answer was lost"), times: times)
    }

    /// Lets calls succeed again, whatever ``fail(_:with:times:)`` and ``loseAnswers(of:times:)`` said.
    ///
    /// - Parameter call: which call.
    public func stopFailing(_ call: ManagerCall) { parts.faults.clear(call) }
}
