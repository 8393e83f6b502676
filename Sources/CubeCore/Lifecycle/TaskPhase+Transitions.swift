package import CubeErrors
package import CubeTypes

extension TaskPhase {
    /// All legal transitions between states. A report of a worker may skip states, but only along a path of legal transitions.
    ///
    /// A `stopping` task may also end as `completed` or `failed`, if it ended on its own before the stop reached it. A
    /// completed job must not count as stopped, because it would run again.
    package static let transitions: [TaskState: Set<TaskState>] = [
        .pending: [.scheduled, .stopped],
        .scheduled: [.running, .pending, .failed, .stopping, .stopped],
        .running: [.scheduled, .completed, .failed, .stopping],
        .stopping: [.stopped, .completed, .failed],
        .completed: [],
        .failed: [],
        .stopped: [],
    ]

    /// All states that are reachable from a state by one or more legal transitions.
    private static let reachable: [TaskState: Set<TaskState>] = transitions.mapValues { direct in
        var found = direct
        var open = Array(direct)
        while let state = open.popLast() {
            for next in transitions[state] ?? [] where found.insert(next).inserted { open.append(next) }
        }
        return found
    }

    /// Makes one legal transition, or stays in the same state with new data.
    ///
    /// - Throws: `illegal_transition`.
    package mutating func move(to next: TaskPhase) throws(APIError) {
        try change(to: next, by: Self.transitions)
    }

    /// Moves to the phase that a worker reported, skipping states that were not reported.
    ///
    /// A task that is not `stopping` here can still be reported as `stopped`, if an earlier manager asked the worker to stop it.
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
            throw APIError(.illegalTransition, "a \(from) task cannot become \(to)")
        }
        self = next
    }
}
