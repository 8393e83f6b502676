import CubeCore
import CubeErrors
import CubeTypes
import Logging

/// Carries out planned actions in order, in batches. Records each action in the journal before and after its call, and
/// once in the log.
struct Executor: Sendable {
    let cluster: any ClusterWriter
    let owner: OwnerName
    let journal: Journal?
    let state: ReconcilerState?
    let now: @Sendable () -> Timestamp
    let logger: Logger

    /// The maximum size of a batch: half of the manager's limit for a request body.
    private static let maximumBytes = 4 << 20

    /// - Parameter since: The position of the view, if the answer should include the changes since then.
    /// - Throws: An `APIError` if the batch as a whole failed.
    func carryOut(
        _ actions: [PlannedAction], fence: Int, pass: Int, plan: Plan, since: ViewPosition?
    ) async throws -> BatchAnswer {
        journal?.record(actions.map { entry(.intent, $0, plan) })
        do {
            let answer = try await cluster.batch(
                BatchRequest(
                    owner: owner, fence: fence, pass: pass, operations: actions.map(\.operation.batched),
                    since: since))
            guard answer.results.count == actions.count else {
                throw APIError(
                    .malformedAnswer,
                    "the answer to \(Count(actions.count, "operation")) has \(Count(answer.results.count, "result"))")
            }
            note(actions, answer.results.map { $0.error?.reason.rawValue ?? "ok" }, plan)
            return answer
        } catch {
            let reason = (error as? APIError)?.reason.rawValue ?? "cancelled"
            note(actions, actions.map { _ in reason }, plan)
            throw error
        }
    }

    /// Sends notes to the manager, in parts that each fit into one call.
    ///
    /// A part that the manager refuses does not hold back the parts after it. A later pass sends it again.
    ///
    /// - Returns: The highest revision of the answers; 0 if there was none.
    /// - Throws: An `APIError` if the lease may be lost.
    func tell(_ notes: SourceNotes, fence: Int, pass: Int) async throws -> Int {
        var revision = 0
        for part in Self.parts(of: notes) {
            let request = BatchRequest(owner: owner, fence: fence, pass: pass, notes: part, operations: [])
            do {
                revision = max(revision, try await cluster.batch(request).revision)
            } catch let error as APIError where !error.concernsLease {
                logger.warning("cannot send notes to the manager; retrying", metadata: ["error": "\(error)"])
                guard error.isRefusal else { break }
            }
        }
        return revision
    }

    /// Records the result of each action in the journal, the log and the metrics.
    private func note(_ actions: [PlannedAction], _ results: [String], _ plan: Plan) {
        journal?.record(zip(actions, results).map { entry(.outcome, $0, plan, result: $1) })
        for (action, result) in zip(actions, results) {
            logger.info(
                "\(action.verb) \(action.name)/\(action.ordinal): \(action.reason)",
                metadata: result == "ok" ? [:] : ["result": "\(result)"])
        }
        state?.count { figures in
            for (action, result) in zip(actions, results) { figures.called(action.verb.rawValue, result) }
        }
    }

    /// Splits actions into batches that each fit into one request.
    static func batches(of actions: [PlannedAction]) -> [[PlannedAction]] {
        parts(of: actions) { $0.operation.approximateSize }
    }

    /// Splits notes into parts that each fit into one request.
    static func parts(of notes: SourceNotes) -> [SourceNotes] {
        (notes.root.map { [SourceNotes(root: $0)] } ?? [])
            + parts(of: notes.declared, size: \.encodedSize).map { SourceNotes(declared: $0) }
            + parts(of: notes.withdrawn) { _ in 128 }.map { SourceNotes(withdrawn: $0) }
    }

    private static func parts<Element>(of list: [Element], size: (Element) -> Int) -> [[Element]] {
        list.parts(of: BatchRequest.maximum, bytes: maximumBytes, size: size)
    }

    private func entry(
        _ event: JournalEntry.Event, _ action: PlannedAction, _ plan: Plan, result: String? = nil
    ) -> JournalEntry {
        JournalEntry(
            at: now(), event: event, verb: action.verb.rawValue, name: action.name, ordinal: action.ordinal,
            id: action.task, rule: action.rule.rawValue, reason: action.reason, plan: plan.digest,
            commit: plan.summary.source.commit, result: result)
    }
}

extension Declaration {
    /// The size on the wire in bytes, at most. Escaping lengthens a byte of the path to at most six.
    fileprivate var encodedSize: Int {
        dependencies.reduce(128 + 6 * (source?.utf8.count ?? 0)) { $0 + $1.rawValue.utf8.count + 3 }
    }
}

extension PlannedOperation {
    /// The approximate size on the wire in bytes. Escaping may double it.
    fileprivate var approximateSize: Int {
        switch self {
        case .schedule(let proposal, _): proposal.definition.approximateSize
        case .update(let update): update.definition.approximateSize
        case .stop: 256
        }
    }
}
