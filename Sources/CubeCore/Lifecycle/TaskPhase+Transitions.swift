package import CubeErrors
package import CubeTypes

extension TaskPhase {
    /// Every move that a task can make. A worker may report several at once; then each on the way is one of these.
    ///
    /// `stopping` may end as `completed` or `failed` too: the task ended by itself before the stop reached it, and a job
    /// that completed must not be taken for one that may run again.
    package static let transitions: [TaskState: Set<TaskState>] = [
        .pending: [.scheduled, .stopped],
        .scheduled: [.running, .pending, .failed, .stopping, .stopped],
        .running: [.scheduled, .completed, .failed, .stopping],
        .stopping: [.stopped, .completed, .failed],
        .completed: [],
        .failed: [],
        .stopped: [],
    ]

    /// Where a task can get from a state by legal moves, the state itself included.
    private static let reachable: [TaskState: Set<TaskState>] = transitions.mapValues { direct in
        var found = direct
        var open = Array(direct)
        while let state = open.popLast() {
            for next in transitions[state] ?? [] where found.insert(next).inserted { open.append(next) }
        }
        return found
    }

    /// Makes one move, or stays in the same state with new data.
    ///
    /// - Throws: `illegal_transition`.
    package mutating func move(to next: TaskPhase) throws(APIError) {
        try change(to: next, by: Self.transitions)
    }

    /// Moves to what a worker saw, over states that nobody reported.
    ///
    /// A task that is not stopping is `stopped` only by way of `stopping`: the worker was asked by somebody.
    ///
    /// - Throws: `illegal_transition`.
    mutating func follow(to next: TaskPhase) throws(APIError) {
        try change(to: next, by: Self.reachable)
    }

    private mutating func change(
        to next: TaskPhase, by legal: [TaskState: Set<TaskState>]
    ) throws(APIError) {
        let (from, to) = (state, next.state)
        guard from == to && !hasEnded || legal[from]?.contains(to) == true else {
            throw APIError(.illegalTransition, "a task that is \(from) cannot become \(to)")
        }
        self = next
    }
}
