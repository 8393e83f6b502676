import CubeVersion
import Synchronization

/// What the calls of one client share: its retry budget, the version of its server, and what it told of.
final class ClientMemory: Sendable {
    private struct State {
        var budget = RetryBudget()
        /// The header field that was judged last, as each answer has one, and the judgement.
        var version: (header: String, problem: String?)?
        var deprecated: Set<String> = []
        /// Whether calls that wait for the server found it away.
        var isAway = false
    }

    private let state = Mutex(State())

    func countCall(_ policy: RetryPolicy) { state.withLock { $0.budget.deposit(policy.percentage) } }

    /// - Returns: whether another retry is within the budget.
    func takeRetry() -> Bool { state.withLock { $0.budget.withdraw() } }

    /// Why a server of this version and this client do not understand each other; `nil` where they do, or nobody can say.
    func problem(with header: String) -> String? {
        state.withLock { state in
            if let version = state.version, version.header == header { return version.problem }
            let problem = VersionInfo(header: header).flatMap { Compatibility.problem(server: $0) }
            state.version = (header, problem)
            return problem
        }
    }

    /// Takes in whether the server is away.
    ///
    /// - Returns: whether that is news: of all calls that wait for one server, one tells of its outage.
    func note(isAway: Bool) -> Bool {
        state.withLock { state in
            defer { state.isAway = isAway }
            return state.isAway != isAway
        }
    }

    /// Whether this is the first time that an operation is told to be deprecated.
    func isFirst(deprecated operation: String) -> Bool {
        state.withLock { $0.deprecated.insert(operation).inserted }
    }
}
