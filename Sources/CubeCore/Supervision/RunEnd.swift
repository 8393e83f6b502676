package import CubeTypes

/// The end of a run of a task.
package enum RunEnd: Codable, Hashable, Sendable {
    /// The program exited or was ended by a signal, after `lasted`.
    case exited(TaskResult, lasted: Duration)
    /// The worker ended the run because its `live` check failed; with the reason.
    case unhealthy(TaskResult, lasted: Duration, message: String)
    /// The program could not be started; with the reason.
    case startFailed(String)
    /// The supervisor of the run ended before the program, so its exit code is unknown.
    case supervisorLost
    /// Someone removed the container of the run, so its exit code is unknown.
    case containerRemoved
    /// The run of an exclusive task was killed, or not started, because the worker's lease had ended.
    case leaseLost
    /// The machine rebooted.
    case rebooted
    /// The run was abandoned before it started.
    case neverStarted

    /// Whether the program succeeded. An unknown exit code does not count as success.
    package var isSuccess: Bool {
        if case .exited(let result, _) = self { result.isSuccess } else { false }
    }

    /// The exit code or signal of the program; `nil` if it is unknown.
    package var result: TaskResult? {
        switch self {
        case .exited(let result, _), .unhealthy(let result, _, _): result
        case .startFailed, .supervisorLost, .containerRemoved, .leaseLost, .rebooted, .neverStarted: nil
        }
    }

    /// How long the program ran; `nil` if it is unknown.
    package var lasted: Duration? {
        switch self {
        case .exited(_, let lasted), .unhealthy(_, let lasted, _): lasted
        case .startFailed, .supervisorLost, .containerRemoved, .leaseLost, .rebooted, .neverStarted: nil
        }
    }

    package var reason: TaskReason {
        switch self {
        case .exited(let result, _) where result.oom: .outOfMemory
        case .exited(let result, _): result.signal == nil ? .exited : .signaled
        case .unhealthy: .unhealthy
        case .startFailed: .startFailed
        case .supervisorLost: .supervisorLost
        case .containerRemoved: .containerRemoved
        case .leaseLost: .leaseLost
        case .rebooted: .nodeRebooted
        case .neverStarted: .stoppedBeforeStart
        }
    }

    package var message: String {
        switch self {
        case .exited(let result, _): result.summary
        case .unhealthy(_, _, let message), .startFailed(let message): message
        case .supervisorLost: "the supervisor ended before the program; the exit code is unknown"
        case .containerRemoved: "the container was removed by someone else; the exit code is unknown"
        case .leaseLost: "the worker had no contact with its manager, so the exclusive task was ended"
        case .rebooted: "the machine rebooted"
        case .neverStarted: "stopped before it started"
        }
    }
}
