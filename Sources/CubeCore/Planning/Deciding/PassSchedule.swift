package import CubeTypes

/// When a reconciler makes its next pass, and which passes decide everything anew.
package struct PassSchedule: Hashable, Sendable {
    /// The time after which a plan that could not be recorded is recorded again.
    private static let storageRetry: Duration = .seconds(5)
    /// The least time between two passes that only time asks for.
    private static let shortestSleep: Duration = .milliseconds(50)

    private let rescan: Duration
    private var wakeAt: Timestamp?
    /// When everything was decided last.
    private var decidedAll: Timestamp
    private var isFullPassDue = false

    /// - Parameter rescan: the time between two looks at the whole source.
    package init(rescan: Duration, at now: Timestamp) {
        self.rescan = rescan
        decidedAll = now
    }

    /// How long to sleep unless there is news; `nil` if time alone asks for no pass.
    package func sleep(at now: Timestamp) -> Duration? { wakeAt.map { max($0 - now, Self.shortestSleep) } }

    /// Whether time asks for a pass.
    package func isDue(at now: Timestamp) -> Bool { wakeAt.map { $0 <= now } ?? false }

    /// The whole source was looked at. A source that reports no changes is looked at often, and not each look is worth a full pass.
    package mutating func rescanned(at now: Timestamp) {
        if now - decidedAll >= rescan / 2 { isFullPassDue = true }
    }

    /// Whether the pass that begins now must decide everything anew; it then counts as done.
    package mutating func takeFullPass(at now: Timestamp) -> Bool {
        guard isFullPassDue else { return false }
        isFullPassDue = false
        decidedAll = now
        return true
    }

    /// A pass was made.
    ///
    /// - Parameters:
    ///   - wakeAt: when the plan asks for the next pass.
    ///   - isRecorded: whether what the plan says could be written.
    package mutating func planned(wakeAt: Timestamp?, isRecorded: Bool, at now: Timestamp) {
        self.wakeAt = [wakeAt, isRecorded ? nil : now + Self.storageRetry].compactMap { $0 }.min()
    }

    /// A plan was carried out, as far as it went: the next pass follows at once.
    package mutating func carriedOut(at now: Timestamp) { wakeAt = now }
}

extension Plan {
    /// Whether the plan must be decided a second time: it could not be recorded, so what it would stop is held, and the second plan
    /// says so wherever that can be written.
    ///
    /// - Parameter isRecorded: whether what the plan says could be written.
    package func needsSecondPass(isRecorded: Bool) -> Bool {
        !isRecorded && actions.contains { $0.verb == .stop }
    }
}
