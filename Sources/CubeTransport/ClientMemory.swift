import CubeVersion
import Synchronization

/// The state that the calls of one client share: the retry budget, the server's version, and what has been logged.
final class ClientMemory: Sendable {
    private struct State {
        var budget = RetryBudget()
        /// The last version header and the problem with it. Cached, because every response has this header.
        var version: (header: String, problem: String?)?
        var deprecated: Set<String> = []
        /// Whether the server was unreachable at the last call that waits for it.
        var isAway = false
    }

    private let state = Mutex(State())

    func countCall(_ policy: RetryPolicy) { state.withLock { $0.budget.deposit(policy.percentage) } }

    /// - Returns: whether another retry is within the budget.
    func takeRetry() -> Bool { state.withLock { $0.budget.withdraw() } }

    /// Returns why a server with this version header is incompatible with this client; `nil` if it is compatible or unknown.
    func problem(with header: String) -> String? {
        state.withLock { state in
            if let version = state.version, version.header == header { return version.problem }
            let problem = VersionInfo(header: header).flatMap { Compatibility.problem(server: $0) }
            state.version = (header, problem)
            return problem
        }
    }

    /// Records whether the server is unreachable.
    ///
    /// - Returns: whether this is a change, so that only one of the calls that wait for a server logs its outage.
    func note(isAway: Bool) -> Bool {
        state.withLock { state in
            defer { state.isAway = isAway }
            return state.isAway != isAway
        }
    }

    /// Whether this is the first deprecation notice for an operation.
    func isFirst(deprecated operation: String) -> Bool {
        state.withLock { $0.deprecated.insert(operation).inserted }
    }
}
