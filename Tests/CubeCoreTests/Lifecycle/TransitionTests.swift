import CubeErrors
import CubeTypes
import Testing

@testable import CubeCore

struct TransitionTests {
    private static let states: [TaskState] = [
        .pending, .scheduled, .running, .stopping, .completed, .failed, .stopped,
    ]

    private static func phase(_ state: TaskState) -> TaskPhase {
        let placement = Placement(node: NodeName(rawValue: "w1")!, number: 1)
        return switch state {
        case .pending: .pending(cause: PendingCause(reason: .noNode, message: ""))
        case .scheduled: .scheduled(placement: placement)
        case .running: .running(placement: placement)
        case .stopping: .stopping(placement: placement)
        default:
            .ended(
                end: TaskEnd(
                    outcome: TaskEnd.Outcome(rawValue: state.rawValue)!, reason: nil, at: Timestamp(milliseconds: 0)))
        }
    }

    /// The transitions in the documentation of the states.
    private static let documented: [TaskState: Set<TaskState>] = [
        .pending: [.scheduled, .stopped],
        .scheduled: [.running, .pending, .failed, .stopping, .stopped],
        .running: [.scheduled, .completed, .failed, .stopping],
        .stopping: [.stopped, .completed, .failed],
    ]

    @Test(arguments: states)
    func `A task makes exactly the documented transitions`(from: TaskState) throws {
        for to in Self.states where to != from {
            var phase = Self.phase(from)
            if Self.documented[from]?.contains(to) == true {
                try phase.move(to: Self.phase(to))
                #expect(phase.state == to)
            } else {
                let error = #expect(throws: APIError.self) { try phase.move(to: Self.phase(to)) }
                #expect(error?.reason == .illegalTransition)
                #expect(error?.message.contains("a \(from) task cannot become \(to)") == true)
                #expect(phase.state == from)
            }
        }
    }

    @Test(arguments: states)
    func `A worker's report may skip states, but never leaves an end state`(from: TaskState) {
        for to in Self.states where to != from {
            var phase = Self.phase(from)
            // This test only checks whether it throws. Other tests check the errors.
            let isLegal = (try? phase.follow(to: Self.phase(to))) != nil
            let isExpected =
                switch (from, to) {
                case (.completed, _), (.failed, _), (.stopped, _): false
                case (.stopping, .completed), (.stopping, .failed), (.stopping, .stopped): true
                case (.stopping, _): false
                default: true
                }
            #expect(isLegal == isExpected, "\(from) to \(to)")
        }
    }

    @Test
    func
        `Reports are ordered by placement and run; within a run: waiting, starting, running, stopping; an end comes last`()
        throws
    {
        let digest = Digest(rawValue: "sha256:" + String(repeating: "a", count: 64))!
        let id = TaskID(rawValue: "00000000-0000-5000-8000-000000000000")!
        func order(_ placement: Int, _ run: Int, _ state: TaskState, _ reason: TaskReason? = nil) -> ReportOrder? {
            ReportOrder(
                WorkerTask(
                    id: id, placement: placement, run: run, state: state, reason: reason, settingsDigest: digest))
        }
        let orders = [
            order(1, 1, .scheduled, .starting), order(1, 1, .running), order(1, 2, .scheduled, .backoff),
            order(1, 2, .scheduled, .starting), order(1, 2, .running), order(1, 2, .stopping), order(1, 0, .stopped),
            order(2, 1, .scheduled, .starting),
        ].compactMap(\.self)
        #expect(orders.count == 8)
        #expect(zip(orders, orders.dropFirst()).allSatisfy { $0 < $1 })
        #expect(order(1, 1, "hibernating") == nil)
    }
}
