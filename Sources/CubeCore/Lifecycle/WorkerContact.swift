package import CubeErrors
package import CubeTypes

/// The manager's contact with one worker: what to ask next, and what to conclude from an answer or from none. The answers are the
/// worker's sign of life, which its lease counts from.
package struct WorkerContact<Instant: InstantProtocol<Duration> & Sendable>: Sendable {
    /// A request for the worker's tasks.
    package struct Query: Hashable, Sendable {
        /// The last answer that is stored; the worker sends what changed since. `nil` asks for everything.
        package var since: Int?
        package var incarnation: String?
        /// How long the worker may wait for a change.
        package var wait: Duration
        /// How long the manager waits for the answer.
        package var limit: Duration

        package init(since: Int?, incarnation: String?, wait: Duration, limit: Duration) {
            self.since = since
            self.incarnation = incarnation
            self.wait = wait
            self.limit = limit
        }
    }

    /// What follows from a request without an answer.
    package struct Failure: Hashable, Sendable {
        /// Whether the request before had an answer.
        package var isFirst: Bool
        /// Whether the lease is over: the worker counts as silent.
        package var isSilent: Bool
        /// The higher term that the worker has accepted, if that is why it refused.
        package var higherTerm: Int?
        /// Whether the worker had accepted the term of this request before.
        package var hasAcceptedOurs: Bool
        /// The wait before the next request.
        package var pause: Duration
    }

    private let lease: Duration
    private var known: (incarnation: String, sequence: Int)?
    private var deadline: Instant
    private var backoff = DispatchBackoff()
    private var acceptedTerm: Int?

    /// - Parameter lease: the time for which an answer proves that the worker is alive.
    package init(lease: Duration, at now: Instant) {
        self.lease = lease
        deadline = now.advanced(by: lease)
    }

    package func query(at now: Instant) -> Query {
        // After a failure it asks for an answer at once: one that may wait would take all the time that is left.
        Query(
            since: known?.sequence, incarnation: known?.incarnation,
            wait: known == nil || backoff.failures > 0 ? .zero : lease / 3,
            limit: max(now.duration(to: deadline), lease / 3))
    }

    /// The worker answered a request of this term.
    package mutating func answered(term: Int, at now: Instant) {
        acceptedTerm = term
        deadline = now.advanced(by: lease)
    }

    /// The manager took the list in.
    ///
    /// - Parameter isStored: whether it is durable. Until then the worker keeps what it reported, and reports it again.
    package mutating func observed(_ list: WorkerTaskList, isStored: Bool) {
        backoff = DispatchBackoff()
        if isStored { known = (list.incarnation, list.sequence) }
    }

    /// The worker did not answer, or the manager could not take its answer in.
    ///
    /// - Parameters:
    ///   - error: `nil` for one that is no answer of the worker.
    ///   - jitter: a number of 0 ... 1.
    package mutating func failed(_ error: APIError?, term: Int, at now: Instant, jitter: Double) -> Failure {
        let isFirst = backoff.failures == 0
        let higherTerm = error?.reason == .staleTerm ? error?.details?["term"].flatMap { Int($0) } : nil
        return Failure(
            isFirst: isFirst, isSilent: now >= deadline, higherTerm: higherTerm, hasAcceptedOurs: acceptedTerm == term,
            pause: backoff.fail(jitter: jitter))
    }
}
