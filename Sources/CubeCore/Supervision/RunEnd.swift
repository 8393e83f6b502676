package import CubeTypes

/// How a run of a task ended.
package enum RunEnd: Codable, Hashable, Sendable {
    /// The program ended by itself or by a signal, after `lasted`.
    case exited(TaskResult, lasted: Duration)
    /// The worker ended it because its `live` check failed; the message says how.
    case unhealthy(TaskResult, lasted: Duration, message: String)
    /// The program could not be started, and the message says why.
    case startFailed(String)
    /// Whoever watched over the run ended first: nobody knows how the program ended.
    case supervisorLost
    /// The machine started anew.
    case rebooted
    /// It was given up before anything was started.
    case neverStarted

    /// Whether the program did what it was asked to. Not knowing is no success.
    package var isSuccess: Bool {
        if case .exited(let result, _) = self { result.isSuccess } else { false }
    }

    /// How the program ended, where somebody saw it.
    package var result: TaskResult? {
        switch self {
        case .exited(let result, _), .unhealthy(let result, _, _): result
        case .startFailed, .supervisorLost, .rebooted, .neverStarted: nil
        }
    }

    /// How long it ran, where somebody saw it.
    package var lasted: Duration? {
        switch self {
        case .exited(_, let lasted), .unhealthy(_, let lasted, _): lasted
        case .startFailed, .supervisorLost, .rebooted, .neverStarted: nil
        }
    }

    package var reason: TaskReason {
        switch self {
        case .exited(let result, _): result.signal == nil ? .exited : .signaled
        case .unhealthy: .unhealthy
        case .startFailed: .startFailed
        case .supervisorLost: .supervisorLost
        case .rebooted: .nodeRebooted
        case .neverStarted: .stoppedBeforeStart
        }
    }

    package var message: String {
        switch self {
        case .exited(let result, _): result.summary
        case .unhealthy(_, _, let message), .startFailed(let message): message
        case .supervisorLost: "its supervisor ended before it; how it ended is not known"
        case .rebooted: "the machine started anew"
        case .neverStarted: "stopped before it was started"
        }
    }
}

extension TaskResult {
    /// How a program ended, as a worker says it to people.
    package var summary: String {
        if let signal { "ended by signal \(signal)" } else { "exit code \(code ?? -1)" }
    }
}
