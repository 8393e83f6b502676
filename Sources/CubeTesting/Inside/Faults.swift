import CubeErrors
import CubeServer
import Synchronization

/// The failures that a test injects into calls of the manager: delayed responses, errors, and lost responses.
final class Faults: CallInterceptor {
    /// The moment at which a call fails: before or after the manager serves it.
    enum Moment {
        case before, after
    }

    private struct Failure {
        let error: APIError
        let moment: Moment
        var times: Int
    }

    private struct State {
        var delay = Duration.zero
        /// The pending failures of each call, in the order in which the test injected them.
        var failures: [ManagerCall: [Failure]] = [:]
    }

    private let clock: ClusterClock
    private let state = Mutex(State())

    init(clock: ClusterClock) { self.clock = clock }

    func delay(by delay: Duration) { state.withLock { $0.delay = delay } }

    func fail(_ call: ManagerCall, _ moment: Moment, with error: APIError, times: Int) {
        guard times > 0 else { return }
        state.withLock { $0.failures[call, default: []].append(Failure(error: error, moment: moment, times: times)) }
    }

    func clear(_ call: ManagerCall) { state.withLock { $0.failures[call] = nil } }

    func willServe(_ call: InterceptedCall) async throws {
        if let error = take(ManagerCall(call), .before) { throw error }
    }

    func didServe(_ call: InterceptedCall) async throws {
        let delay = state.withLock(\.delay)
        if delay > .zero { try await clock.sleep(for: delay) }
        if let error = take(ManagerCall(call), .after) { throw error }
    }

    /// Consumes one occurrence of the first pending failure, if it is due at this moment, and returns its error.
    private func take(_ call: ManagerCall?, _ moment: Moment) -> APIError? {
        guard let call else { return nil }
        return state.withLock { state in
            guard let failure = state.failures[call]?.first, failure.moment == moment else { return nil }
            if failure.times > 1 {
                state.failures[call]?[0].times -= 1
            } else {
                state.failures[call]?.removeFirst()
            }
            return failure.error
        }
    }
}

extension ManagerCall {
    fileprivate init?(_ call: InterceptedCall) {
        self.init(rawValue: call.operation)
        if self == .listTasks, call.parameters.contains("since") { self = .watchTasks }
    }
}
