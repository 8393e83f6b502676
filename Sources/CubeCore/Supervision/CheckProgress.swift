package import CubeTypes

/// Which of its checks.
package enum CheckKind: String, CaseIterable, Sendable {
    case ready, live

    package func check(of checks: HealthChecks) -> HealthCheck? {
        switch self {
        case .ready: checks.ready
        case .live: checks.live
        }
    }
}

/// How one check came out.
package enum CheckOutcome: Hashable, Sendable {
    case passed
    /// With the reason, for a person.
    case failed(String)
}

/// What a result means for the run.
package enum CheckFinding: Hashable, Sendable {
    case passes
    /// It failed, but not often enough yet, or too early: everything stays as it was.
    case tolerated(String)
    case fails(String)
}

/// The checks of one kind on one run: when the next is due, and what the results mean.
///
/// All times are ages of the run, so that no wall clock counts.
package struct CheckProgress: Hashable, Sendable {
    package private(set) var check: HealthCheck
    /// The age at which the next one is to begin.
    package private(set) var due: Duration
    private var hasPassed = false
    private var failures = 0

    /// The first one is due at once.
    package init(_ check: HealthCheck, age: Duration) {
        self.check = check
        due = age
    }

    /// Goes on with another check, at once; what was seen so far counts, but for failures.
    package mutating func change(to check: HealthCheck, age: Duration) {
        guard check != self.check else { return }
        self.check = check
        due = age
        failures = 0
    }

    /// Takes a result in. One that took longer than the interval is followed by the next at once, never by two.
    package mutating func record(_ outcome: CheckOutcome, began: Duration, ended: Duration) -> CheckFinding {
        due = max(began + check.interval, ended)
        switch outcome {
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
