package import CubeErrors

/// What the manager does after a call to a worker has succeeded or failed.
package enum CallOutcome: Hashable, Sendable {
    /// The worker accepted the call. The call is no longer due when the next task list shows its effect.
    case done
    /// Repeat the call after a backoff, as long as it is due.
    case retry
    /// The worker finds the task itself invalid, so no retry can help: end the task with this message. The call stays due, and is
    /// repeated, until the task has ended.
    case refuse(message: String)

    /// Decides what follows from a failed call.
    package init(of call: WorkerCall, failedWith error: APIError?) {
        guard case .assign = call, let error, error.reason == .validationFailed || error.reason == .bodyTooLarge else {
            self = .retry
            return
        }
        self = .refuse(message: error.message)
    }
}
