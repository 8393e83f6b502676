package import CubeTypes

/// The schedule of a reconciler's passes: when the next pass is due, and which passes decide all names anew.
package struct PassSchedule: Hashable, Sendable {
    /// The delay after which the reconciler makes another pass if a plan could not be recorded.
    private static let storageRetry: Duration = .seconds(5)
    /// The minimum time between two passes that are due only because time has passed.
    private static let shortestSleep: Duration = .milliseconds(50)

    /// The time between a decision and the next request for changes, as a multiple of the time that the decision took.
    private static let restFactor = 4
    /// The longest time between a decision and the next request for changes.
    private static let longestRest: Duration = .milliseconds(100)

    private let rescan: Duration
    private var wakeAt: Timestamp?
    /// The time of the last pass that decided all names.
    private var decidedAll: Timestamp
    private var isFullPassDue = false

    /// - Parameter rescan: the time between two listings of the whole source.
    package init(rescan: Duration, at now: Timestamp) {
        self.rescan = rescan
        decidedAll = now
    }

    /// Returns how long to sleep unless something changes; `nil` if no pass is scheduled.
    package func sleep(at now: Timestamp) -> Duration? { wakeAt.map { max($0 - now, Self.shortestSleep) } }

    /// Returns whether a scheduled pass is due.
    package func isDue(at now: Timestamp) -> Bool { wakeAt.map { $0 <= now } ?? false }

    /// Records a listing of the whole source. A source that cannot report changes is listed often, so not every listing triggers
    /// a full pass.
    package mutating func rescanned(at now: Timestamp) {
        if now - decidedAll >= rescan / 2 { isFullPassDue = true }
    }

    /// Returns whether the pass that begins now must decide all names anew, and records that it does.
    package mutating func takeFullPass(at now: Timestamp) -> Bool {
        guard isFullPassDue else { return false }
        isFullPassDue = false
        decidedAll = now
        return true
    }

    /// Records that a pass was made.
    ///
    /// - Parameters:
    ///   - wakeAt: the time that the plan requests for the next pass.
    ///   - isRecorded: whether the status of the plan was written to storage.
    package mutating func planned(wakeAt: Timestamp?, isRecorded: Bool, at now: Timestamp) {
        self.wakeAt = [wakeAt, isRecorded ? nil : now + Self.storageRetry].compactMap { $0 }.min()
    }

    /// Returns how long to let changes of the cluster accumulate after a decision: a decision about a workload takes as long for many
    /// changes as for one. Decisions of up to 25 ms then take at most a fifth of a core while many tasks change. A small workload waits
    /// hardly at all.
    ///
    /// - Parameter time: how long the decision took.
    package static func rest(afterDeciding time: Duration) -> Duration { min(time * restFactor, longestRest) }

    /// Makes the next pass due at once: the actions of a plan were attempted, or something changed that is no news from outside.
    package mutating func mustPass(at now: Timestamp) { wakeAt = now }
}

extension Plan {
    /// Returns whether the plan must be decided again. If a plan that stops tasks could not be recorded, its stops are held, and
    /// a second plan reports the hold wherever writing is still possible.
    ///
    /// - Parameter isRecorded: whether the status of the plan was written to storage.
    package func needsSecondPass(isRecorded: Bool) -> Bool {
        !isRecorded && actions.contains { $0.verb == .stop }
    }
}
