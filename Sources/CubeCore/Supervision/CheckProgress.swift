package import CubeTypes

/// The kind of a health check.
package enum CheckKind: String, CaseIterable, Sendable {
    case ready, live

    package func check(of checks: HealthChecks) -> HealthCheck? {
        switch self {
        case .ready: checks.ready
        case .live: checks.live
        }
    }
}

/// The outcome of one check.
package enum CheckOutcome: Hashable, Sendable {
    case passed
    /// The check failed; with the reason, for people.
    case failed(String)
    /// The check could not be carried out for a reason outside of the task. It says nothing about the task.
    case impossible(String)
}

/// The meaning of a check outcome for the run.
package enum CheckFinding: Hashable, Sendable {
    case passes
    /// The check failed, but too few times in a row or too early to count. Nothing changes.
    case tolerated(String)
    case fails(String)
}

/// The progress of the checks of one kind on one run: when the next check is due, and what the outcomes mean.
///
/// All times are ages of the run, so that the wall clock is irrelevant.
package struct CheckProgress: Hashable, Sendable {
    package private(set) var check: HealthCheck
    /// The age at which the next check is due.
    package private(set) var due: Duration
    private var hasPassed = false
    private var failures = 0

    /// Creates the progress of a check that is due immediately.
    package init(_ check: HealthCheck, age: Duration) {
        self.check = check
        due = age
    }

    /// Replaces the check by another one, which is due immediately. An earlier success still counts, but earlier failures do not.
    package mutating func change(to check: HealthCheck, age: Duration) {
        guard check != self.check else { return }
        self.check = check
        due = age
        failures = 0
    }

    /// Records the outcome of a check. If the check took longer than the interval, the next one is due immediately; missed checks
    /// are not made up for.
    ///
    /// - Returns: `nil` if the outcome means nothing for the run.
    package mutating func record(_ outcome: CheckOutcome, began: Duration, ended: Duration) -> CheckFinding? {
        due = max(began + check.interval, ended)
        switch outcome {
        case .impossible: return nil
        case .passed:
            hasPassed = true
            failures = 0
            return .passes
        case .failed(let message):
            guard hasPassed || began >= check.startPeriod else { return .tolerated(message) }
            failures += 1
            return failures >= check.retries ? .fails(message) : .tolerated(message)
        }
    }
}
