package import CubeTypes

/// How a run of a task ended.
package enum RunEnd: Codable, Hashable, Sendable {
    /// The program ended by itself or by a signal, after `lasted`.
    case exited(TaskResult, lasted: Duration)
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

    package var reason: TaskReason {
        switch self {
        case .exited(let result, _): result.signal == nil ? .exited : .signaled
        case .startFailed: .startFailed
        case .supervisorLost: .supervisorLost
        case .rebooted: .nodeRebooted
        case .neverStarted: .stoppedBeforeStart
        }
    }

    package var message: String {
        switch self {
        case .exited(let result, _):
            if let signal = result.signal { "ended by signal \(signal)" } else { "exit code \(result.code ?? -1)" }
        case .startFailed(let message): message
        case .supervisorLost: "its supervisor ended before it; how it ended is not known"
        case .rebooted: "the machine started anew"
        case .neverStarted: "stopped before it was started"
        }
    }
}
