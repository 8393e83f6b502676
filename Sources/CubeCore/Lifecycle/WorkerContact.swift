package import CubeErrors
package import CubeTypes

/// The manager's contact with one worker: the next query, and what follows from a response or a failure. Each response renews the
/// lease of the worker.
package struct WorkerContact<Instant: InstantProtocol<Duration> & Sendable>: Sendable {
    /// A query for the worker's tasks.
    package struct Query: Hashable, Sendable {
        /// The sequence number of the last stored response. The worker sends later changes; for `nil`, it sends everything.
        package var since: Int?
        package var incarnation: String?
        /// How long the worker may wait for a change.
        package var wait: Duration
        /// How long the manager waits for the response.
        package var limit: Duration

        package init(since: Int?, incarnation: String?, wait: Duration, limit: Duration) {
            self.since = since
            self.incarnation = incarnation
            self.wait = wait
            self.limit = limit
        }
    }

    /// What follows from a failed query.
    package struct Failure: Hashable, Sendable {
        /// Whether the previous query succeeded.
        package var isFirst: Bool
        /// Whether the lease has expired, so that the worker counts as silent.
        package var isSilent: Bool
        /// The higher term that the worker has accepted, if this is why it rejected the query.
        package var higherTerm: Int?
        /// Whether the worker has accepted the term of this query before.
        package var hasAcceptedOurs: Bool
        /// The wait before the next query.
        package var pause: Duration
    }

    private let lease: Duration
    private var known: (incarnation: String, sequence: Int)?
    private var deadline: Instant
    private var backoff = DispatchBackoff()
    private var acceptedTerm: Int?

    /// - Parameter lease: how long a response proves that the worker is alive.
    package init(lease: Duration, at now: Instant) {
        self.lease = lease
        deadline = now.advanced(by: lease)
    }

    package func query(at now: Instant) -> Query {
        // After a failure, ask for an immediate response. A long poll could use up the rest of the lease.
        Query(
            since: known?.sequence, incarnation: known?.incarnation,
            wait: known == nil || backoff.failures > 0 ? .zero : lease / 3,
            limit: max(now.duration(to: deadline), lease / 3))
    }

    /// Records that the worker responded to a query with this term.
    package mutating func answered(term: Int, at now: Instant) {
        acceptedTerm = term
        deadline = now.advanced(by: lease)
    }

    /// Records that the manager applied the task list.
    ///
    /// - Parameter isStored: whether the result is durable. Until then, the worker keeps its changes and reports them again.
    package mutating func observed(_ list: WorkerTaskList, isStored: Bool) {
        backoff = DispatchBackoff()
        if isStored { known = (list.incarnation, list.sequence) }
    }

    /// Records that the query failed, or that the manager could not apply the response.
    ///
    /// - Parameters:
    ///   - error: the worker's error response; `nil` if there was none.
    ///   - jitter: a random number in 0 ... 1.
    package mutating func failed(_ error: APIError?, term: Int, at now: Instant, jitter: Double) -> Failure {
        let isFirst = backoff.failures == 0
        let higherTerm = error?.reason == .staleTerm ? error?.details?["term"].flatMap { Int($0) } : nil
        return Failure(
            isFirst: isFirst, isSilent: now >= deadline, higherTerm: higherTerm, hasAcceptedOurs: acceptedTerm == term,
            pause: backoff.fail(jitter: jitter))
    }
}
