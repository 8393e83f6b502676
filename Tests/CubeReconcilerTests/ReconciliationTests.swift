import CubeCore
import CubeErrors
import CubeTypes
import Foundation
import Logging
import Testing

@testable import CubeReconciler

/// A manager with prepared answers to batches, which counts requests for changes.
private actor ScriptedCluster: ClusterWriter {
    private let answer: BatchAnswer
    private(set) var batches: [BatchRequest] = []
    private(set) var changesAsked = 0

    init(_ answer: BatchAnswer) { self.answer = answer }

    func tasks(owner: OwnerName) async throws -> TaskList { throw APIError(.internal, "nobody asks for a list") }

    func changes(owner: OwnerName, since: Int, term: Int, wait: Duration) async throws -> TaskChanges {
        changesAsked += 1
        return TaskChanges(term: term, revision: answer.revision)
    }

    func lease(_ owner: OwnerName, _ request: LeaseRequest) async throws -> OwnerStatus {
        throw APIError(.internal, "nobody asks for a lease")
    }

    func batch(_ request: BatchRequest) async throws -> BatchAnswer {
        batches.append(request)
        return answer
    }
}

@Suite struct ReconciliationTests {
    private let now = Timestamp(milliseconds: 1_700_000_000_000)

    /// Carries out a plan of one action, starting from a view of revision 3.
    private func carryOut(_ answer: BatchAnswer) async throws -> (ScriptedCluster, ViewPosition?) {
        let cluster = ScriptedCluster(answer)
        var planner = Planner(owner: .default, wording: { _ in "" })
        let file = ManifestDecoder.decode(Array(#"{"name": "web", "command": ["true"]}"#.utf8), file: "web.json")
        planner.update(
            ManifestSnapshot(
                began: now, ended: now, isComplete: true, root: nil,
                files: [BytePath(naming: "web.json"): .readable(file.workloads, digest: .sha256(of: "web"))],
                source: SourceRevision(path: "manifests")))
        planner.access = .writing
        var reconciliation = Reconciliation(
            planner,
            executor: Executor(
                cluster: cluster, owner: .default, journal: nil, state: nil, now: { [now] in now },
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
        let id = try #require(ClusterID(rawValue: "11111111-1111-4111-8111-111111111111"))
        reconciliation.take(TaskList(cluster: id, term: 1, revision: 3, tasks: []))
        let plan = reconciliation.pass(at: now)
        try #require(plan.actions.count == 1)
        try await reconciliation.carryOut(plan, fence: 1) { false }
        return (cluster, reconciliation.position)
    }

    @Test func `An answer with the changes updates the view without another request`() async throws {
        let results = [BatchResult(error: APIError(.conflict, "no"))]
        let (cluster, position) = try await carryOut(
            BatchAnswer(revision: 5, results: results, changes: TaskChanges(term: 1, revision: 6)))
        #expect(await cluster.batches.map(\.since) == [ViewPosition(term: 1, revision: 3)])
        #expect(await cluster.changesAsked == 0)
        #expect(position == ViewPosition(term: 1, revision: 6))
    }

    @Test(arguments: [nil, TaskChanges(term: 1, revision: 4), TaskChanges(term: 2, revision: 9)])
    func `An answer without all changes leads to a request for them`(changes: TaskChanges?) async throws {
        let results = [BatchResult(error: APIError(.conflict, "no"))]
        let (cluster, position) = try await carryOut(BatchAnswer(revision: 5, results: results, changes: changes))
        #expect(await cluster.changesAsked == 1)
        #expect(position == ViewPosition(term: 1, revision: 5))
    }

    @Test func `Notes are split by their size on the wire, and none is lost`() throws {
        let id = try #require(TaskID(rawValue: "00000000-0000-5000-8000-000000000000"))
        let declared = (0..<1500).map { number in
            // JSON writes each of these characters with six bytes.
            Declaration(
                id: id, source: "\(number)" + String(repeating: "\u{1}", count: TextBounds.address - 4), prune: true,
                dependencies: [])
        }
        let withdrawn = (0..<1500).map { WithdrawnSlot(name: "web", ordinal: $0) }
        let notes = SourceNotes(declared: declared, withdrawn: withdrawn, root: SourceRoot(directory: "directory:1:1"))
        let parts = Executor.parts(of: notes)
        #expect(parts.flatMap(\.declared) == declared && parts.flatMap(\.withdrawn) == withdrawn)
        #expect(parts.compactMap(\.root) == [notes.root])
        for part in parts {
            #expect(part.declared.count <= BatchRequest.maximum && part.withdrawn.count <= BatchRequest.maximum)
            let request = BatchRequest(owner: .default, notes: part, operations: [])
            // The manager's limit for a batch is 8 MiB.
            #expect(try JSONEncoder().encode(request).count < 8 << 20)
        }
    }
}
