package import CubeErrors

/// What the manager does after a worker has answered a call, or has not.
package enum CallOutcome: Hashable, Sendable {
    /// The worker took the call. The next list shows its effect, after which the call is no longer due.
    case done
    /// Repeat the call after a backoff, as long as it is due.
    case retry
    /// The worker finds the task itself invalid, so no retry can help: end the task with this message. The call stays due, and is
    /// repeated, until the task has ended.
    case refuse(message: String)

    /// Decides about a call that failed.
    package init(of call: WorkerCall, failedWith error: APIError?) {
        guard case .assign = call, let error, error.reason == .validationFailed || error.reason == .bodyTooLarge else {
            self = .retry
            return
        }
        self = .refuse(message: error.message)
    }
}
