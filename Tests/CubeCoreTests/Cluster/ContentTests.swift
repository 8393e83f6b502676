import CubeErrors
import CubeTypes
import Testing

@testable import CubeCore

/// The content of files, which only the worker receives.
struct ContentTests {
    private func proposal(_ cluster: TestCluster, _ attempt: Int, content: String?) -> TaskProposal {
        let bytes = Array("port 80".utf8)
        let source = ContentSource("web.conf", content: content.map { Array($0.utf8) }, digest: .sha256(of: bytes))
        return cluster.proposal(.web, attempt: attempt, files: [TaskFile(source: source, target: "web.conf")])
    }

    @Test func `responses omit the content of files, and the worker receives it`() throws {
        var cluster = TestCluster()
        try cluster.join(.w1)
        let proposal = proposal(cluster, 0, content: "port 80")
        #expect(try cluster.schedule(proposal).task.definition == proposal.definition.withoutContents)
        #expect(try cluster.schedule(proposal).task.definition.files.first?.source.content == nil)
        guard case .assign(let assignment) = cluster.state.call(for: proposal.id, on: .w1) else {
            Issue.record("not assigned")
            return
        }
        #expect(assignment.definition == proposal.definition)
    }

    @Test func `an earlier definition may be scheduled without contents that a task of the slot still has`() throws {
        var cluster = TestCluster()
        try cluster.join(.w1)
        expectRefusal(.validationFailed) { try cluster.schedule(proposal(cluster, 0, content: nil)) }
        let first = proposal(cluster, 0, content: "port 80")
        try cluster.schedule(first)
        try cluster.stop(first.id)
        let again = proposal(cluster, 1, content: nil)
        try cluster.schedule(again)
        #expect(cluster.task(again.id)?.definition == first.definition)
    }
}
