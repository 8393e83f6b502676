import CubeManager
import CubeTypes
import Testing

@Suite(.timeLimit(.minutes(1)))
struct BatchChangesTests {
    @Test func `The answer to a batch contains the changes since the view that the request names`() async throws {
        // The cluster has no node, so only the batches change anything.
        try await TestManager.run { manager in
            func batch(_ name: String, since: ViewPosition?) async throws -> BatchAnswer {
                let definition = TaskDefinition(name: WorkloadName(rawValue: name)!, command: ["true"])
                return try await manager.service.batch(
                    BatchRequest(owner: .manual, operations: [.definition(definition)], since: since))
            }
            let status = try await manager.service.cluster()
            let view = ViewPosition(term: status.term, revision: status.revision)
            #expect(try await batch("a", since: nil).changes == nil)
            let answer = try await batch("b", since: view)
            let asked = try await manager.service.changes(
                owner: .manual, since: view.revision, term: view.term, wait: .zero)
            #expect(answer.changes == asked)
            #expect(asked.changed.map(\.name.rawValue) == ["a", "b"] && asked.slots.count == 2)
            #expect(asked.revision >= answer.revision)
            #expect(try await batch("c", since: ViewPosition(term: view.term + 1, revision: 0)).changes == nil)
        }
    }
}
