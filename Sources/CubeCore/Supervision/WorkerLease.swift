package import CubeTypes

/// The lease under which a worker runs exclusive tasks, as the worker counts it. All times are readings of the boot-time clock.
///
/// Each response to a query of the manager has a receipt, which the next query sends back. A receipt that comes back proves that the
/// manager got the response, and that it will not take the worker for lost before the length of the lease has passed since then. The
/// worker counts from the time at which it sent the response, which was earlier, and ends exclusive tasks before the lease is over:
/// by the part by which the two clocks may differ, and by the time that it takes to kill a task.
///
/// A task may be started, or started again, only if the lease has lasted without a gap since the manager assigned it. After a gap,
/// the manager may have placed the task elsewhere, so it must assign the task anew.
package struct WorkerLease: Sendable {
    /// Returns by how much two clocks may differ after a time: 1 %.
    package static func drift(of time: Duration) -> Duration { time / 100 }
    /// Returns the part of the lease that is left to kill tasks: 2 seconds of 10.
    private static func margin(of length: Duration) -> Duration { length / 5 }
    /// The number of responses whose receipts can come back.
    private static let kept = 16

    /// A placement of an exclusive task.
    private struct Holder: Hashable {
        var task: TaskID
        var placement: Int
    }

    private let incarnation: String
    private var sent: [Int: Duration] = [:]
    private var last = 0
    private var length: Duration?
    /// The placements that have been assigned or adopted under the lease, without a gap.
    private var holders: Set<Holder> = []
    /// The time by which exclusive tasks end, unless the lease is renewed before; `nil` if there is no lease.
    private var end: Duration?

    /// - Parameter incarnation: a name for the process of the worker, so that no receipt of another process is accepted.
    package init(incarnation: String) { self.incarnation = incarnation }

    /// The time that is left for exclusive tasks after the response was sent.
    private static func span(of length: Duration) -> Duration {
        length - drift(of: length) - margin(of: length)
    }

    /// Returns the receipt of a response that is about to be sent.
    package mutating func issue(at now: Duration) -> String {
        last += 1
        sent[last] = now
        sent[last - Self.kept] = nil
        return "\(incarnation).\(last)"
    }

    /// Handles a receipt that came back with a query.
    ///
    /// - Returns: the time until which exclusive tasks may run now; `nil` if there is no lease.
    package mutating func renew(_ renewal: LeaseRenewal, at now: Duration) -> Duration? {
        expire(at: now)
        length = renewal.length
        if let end = proven(by: renewal.receipt, at: now) { self.end = max(end, self.end ?? end) }
        return end
    }

    /// Accepts an assignment of an exclusive task, if the manager made it while it knew that this worker is alive.
    ///
    /// - Parameter receipt: the last receipt that the manager had when it made the call.
    /// - Returns: whether the task may start.
    package mutating func admit(_ task: TaskID, placement: Int, receipt: String?, at now: Duration) -> Bool {
        expire(at: now)
        guard let end = proven(by: receipt, at: now) else { return false }
        self.end = max(end, self.end ?? end)
        holders.insert(Holder(task: task, placement: placement))
        return true
    }

    /// Takes in a placement whose run has been alive under the lease of an earlier process of the worker.
    package mutating func adopt(_ task: TaskID, placement: Int) {
        if end != nil { holders.insert(Holder(task: task, placement: placement)) }
    }

    /// Returns the time until which exclusive tasks may run now; `nil` if there is no lease.
    package mutating func end(at now: Duration) -> Duration? {
        expire(at: now)
        return end
    }

    /// Returns the time until which a placement may run; `nil` if it must not start.
    package mutating func end(for task: TaskID, placement: Int, at now: Duration) -> Duration? {
        expire(at: now)
        return holders.contains(Holder(task: task, placement: placement)) ? end : nil
    }

    /// Returns the end of the lease that a receipt proves; `nil` if it proves none that lasts.
    private func proven(by receipt: String?, at now: Duration) -> Duration? {
        guard let length, let words = receipt?.split(separator: "."), words.count == 2, words[0] == incarnation,
            let number = Int(words[1]), let time = sent[number]
        else { return nil }
        let end = time + Self.span(of: length)
        return end > now ? end : nil
    }

    /// Ends the lease if its time has passed.
    private mutating func expire(at now: Duration) {
        guard let end, end <= now else { return }
        self.end = nil
        holders = []
    }
}
