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
        /// The receipt of the last response.
        package var receipt: String?
        /// How long the worker may wait for a change.
        package var wait: Duration
        /// How long the manager waits for the response.
        package var limit: Duration

        package init(
            since: Int?, incarnation: String?, receipt: String? = nil, wait: Duration, limit: Duration
        ) {
            self.since = since
            self.incarnation = incarnation
            self.receipt = receipt
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
        /// Whether the worker has not responded for half of its lease, so that it gets no tasks until it does.
        package var isOverdue: Bool
        /// The higher term that the worker has accepted, if this is why it rejected the query.
        package var higherTerm: Int?
        /// Whether the worker has accepted the term of this query before.
        package var hasAcceptedOurs: Bool
        /// The wait before the next query.
        package var pause: Duration
    }

    private let lease: Duration
    /// How long a worker may be silent before it counts as lost: the lease, and the difference that its clock may have.
    private var patience: Duration { lease + WorkerLease.drift(of: lease) }
    private var receipt: String?
    private var known: (incarnation: String, sequence: Int)?
    private var deadline: Instant
    /// When the next query, or the end of the present one, is due at the latest.
    private var due: Instant?
    private var backoff = DispatchBackoff()
    private var acceptedTerm: Int?

    /// - Parameter lease: how long a response proves that the worker is alive.
    package init(lease: Duration, at now: Instant) {
        self.lease = lease
        deadline = now.advanced(by: lease + WorkerLease.drift(of: lease))
    }

    /// Returns the query to make now.
    ///
    /// - Parameter hasExclusive: whether the worker has exclusive tasks. The worker counts their lease from the last response that a later
    ///   query acknowledged. With shorter waits, more of the lease is left when the network fails.
    package mutating func query(at now: Instant, hasExclusive: Bool = false) -> Query {
        renewAfterStall(at: now)
        // After a failure, ask for an immediate response. A long poll could use up the rest of the lease.
        let wait = known == nil || backoff.failures > 0 ? .zero : lease / (hasExclusive ? 8 : 3)
        let query = Query(
            since: known?.sequence, incarnation: known?.incarnation, receipt: receipt, wait: wait,
            limit: limit(ofQueryThatWaits: wait, at: now))
        due = now.advanced(by: query.limit)
        return query
    }

    private func limit(ofQueryThatWaits wait: Duration, at now: Instant) -> Duration {
        let rest = now.duration(to: deadline)
        guard rest > .zero else { return lease / 3 }
        // A complete list may take longer.
        guard known != nil else { return rest }
        // A response on a connection that was cut off may arrive long after the network is back; another query needs no such time. No
        // query lasts longer than the lease, so that a worker that does not answer is silent when its lease expires, and not later.
        return min(rest, max(wait + lease / 6, lease / 3))
    }

    /// Renews the lease if this manager itself stood still, for example because its machine was suspended. That the worker was not
    /// heard says nothing then, just as after a restart of the manager.
    private mutating func renewAfterStall(at now: Instant) {
        guard let due, now > due.advanced(by: lease / 3) else { return }
        deadline = max(deadline, now.advanced(by: patience))
    }

    /// Records that the worker responded to a query with this term.
    ///
    /// - Parameter receipt: identifies the response. The next query sends it back, which renews the worker's own lease.
    package mutating func answered(term: Int, receipt: String? = nil, at now: Instant) {
        acceptedTerm = term
        self.receipt = receipt
        deadline = now.advanced(by: patience)
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
        renewAfterStall(at: now)
        let isFirst = backoff.failures == 0
        let higherTerm = error?.reason == .staleTerm ? error?.details?["term"].flatMap { Int($0) } : nil
        let pause = pause(backoff.fail(jitter: jitter), at: now)
        due = now.advanced(by: pause)
        return Failure(
            isFirst: isFirst, isSilent: now >= deadline, isOverdue: now.advanced(by: patience - lease / 2) >= deadline,
            higherTerm: higherTerm, hasAcceptedOurs: acceptedTerm == term,
            pause: pause)
    }

    /// Returns the wait before the next query. While the lease lasts, it leaves time for a last query, so that the end of the lease is
    /// noticed at once.
    private func pause(_ usual: Duration, at now: Instant) -> Duration {
        let (rest, last) = (now.duration(to: deadline), lease / 20)
        guard rest > .zero else { return usual }
        return min(usual, rest > last ? rest - last : max(rest, .milliseconds(200)))
    }
}
