import CubeCore
import CubeTypes
import Testing

/// How a worker counts the lease of its exclusive tasks.
struct WorkerLeaseTests {
    private static let length = Duration.seconds(10)
    /// 10 s without 1 % and without the 2 s that are left for kills.
    private static let span = Duration.milliseconds(7900)
    private let task = TaskID.derive(
        cluster: ClusterID(rawValue: "11111111-1111-4111-8111-111111111111")!, owner: .default, name: "web", ordinal: 0,
        attempt: 0, digest: .sha256(of: ""))

    private func renewal(_ receipt: String?) -> LeaseRenewal { LeaseRenewal(receipt: receipt, length: Self.length) }

    @Test func `the lease counts from the sending of a response, and only once its receipt came back`() {
        var lease = WorkerLease(incarnation: "a")
        #expect(lease.renew(renewal(nil), at: .zero) == nil)
        let first = lease.issue(at: .seconds(1))
        #expect(lease.end(at: .seconds(1)) == nil)
        #expect(lease.renew(renewal(first), at: .seconds(4)) == .seconds(1) + Self.span)
        let second = lease.issue(at: .seconds(5))
        // The same receipt again, because the second response was lost.
        #expect(lease.renew(renewal(first), at: .seconds(6)) == .seconds(1) + Self.span)
        #expect(lease.renew(renewal(second), at: .seconds(7)) == .seconds(5) + Self.span)
        // A delayed query cannot shorten the lease.
        #expect(lease.renew(renewal(first), at: .seconds(8)) == .seconds(5) + Self.span)
    }

    @Test func `a receipt that is late, unknown, or of another process proves nothing`() {
        var lease = WorkerLease(incarnation: "a")
        let first = lease.issue(at: .zero)
        for receipt in ["", "a", "a.", "a.x", "a.2", "a.0", "b.1", "a.1.1"] {
            #expect(lease.renew(renewal(receipt), at: .seconds(1)) == nil)
        }
        #expect(lease.renew(renewal(first), at: Self.span) == nil)
        #expect(lease.renew(renewal(first), at: Self.span - .milliseconds(1)) == Self.span)
        #expect(lease.end(at: Self.span - .milliseconds(1)) == Self.span)
        #expect(lease.end(at: Self.span) == nil)
        var other = WorkerLease(incarnation: "b")
        _ = other.issue(at: .zero)
        #expect(other.renew(renewal(first), at: .seconds(1)) == nil)
    }

    @Test func `a task may start only while the lease lasts without a gap since its assignment`() {
        var lease = WorkerLease(incarnation: "a")
        _ = lease.renew(renewal(nil), at: .zero)
        #expect(lease.admit(task, placement: 1, receipt: nil, at: .zero) == false)
        let first = lease.issue(at: .zero)
        #expect(lease.admit(task, placement: 1, receipt: first, at: Self.span) == false)
        #expect(lease.admit(task, placement: 1, receipt: first, at: .seconds(1)) == true)
        #expect(lease.end(for: task, placement: 1, at: .seconds(1)) == Self.span)
        #expect(lease.end(for: task, placement: 2, at: .seconds(1)) == nil)
        let second = lease.issue(at: .seconds(3))
        _ = lease.renew(renewal(second), at: .seconds(6))
        #expect(lease.end(for: task, placement: 1, at: .seconds(9)) == .seconds(3) + Self.span)
        // A gap: the next renewal begins anew, and the manager may have placed the task elsewhere.
        let third = lease.issue(at: .seconds(11))
        #expect(lease.renew(renewal(third), at: .seconds(12)) == .seconds(11) + Self.span)
        #expect(lease.end(for: task, placement: 1, at: .seconds(12)) == nil)
        #expect(lease.admit(task, placement: 2, receipt: third, at: .seconds(12)) == true)
        #expect(lease.end(for: task, placement: 2, at: .seconds(12)) != nil)
    }

    @Test func `a run of an earlier process is adopted only under a lease`() {
        var lease = WorkerLease(incarnation: "b")
        lease.adopt(task, placement: 1)
        #expect(lease.end(for: task, placement: 1, at: .zero) == nil)
        _ = lease.renew(renewal(nil), at: .zero)
        let first = lease.issue(at: .zero)
        _ = lease.renew(renewal(first), at: .seconds(1))
        #expect(lease.end(for: task, placement: 1, at: .seconds(1)) == nil)
        lease.adopt(task, placement: 1)
        #expect(lease.end(for: task, placement: 1, at: .seconds(1)) == Self.span)
    }

    /// Whatever is lost or delayed: while a task runs, the manager that heard last of the worker has not waited for the whole lease.
    @Test func `the worker ends its tasks before the manager takes it for lost`() {
        for (delay, back) in [(Duration.zero, Duration.zero), (.seconds(2), .seconds(3)), (.milliseconds(7800), .zero)]
        {
            var lease = WorkerLease(incarnation: "a")
            _ = lease.renew(renewal(nil), at: .zero)
            let receipt = lease.issue(at: .zero)
            // The manager receives the response after a delay, and waits for the lease and the drift from then on.
            let isLost = delay + Self.length + WorkerLease.drift(of: Self.length)
            guard let end = lease.renew(renewal(receipt), at: delay + back) else { continue }
            // The worker's clock is the slower one, and a kill takes a while.
            #expect(end + WorkerLease.drift(of: end) + .seconds(2) <= isLost)
        }
    }
}
