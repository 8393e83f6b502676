import CubeTypes
import Foundation
import SystemPackage
import Testing

@testable import cube

/// Tests a data directory whose worker received tasks without a manager.
@Suite struct LoneWorkerTests {
    /// - Parameter version: The UUID version of the cluster id, which tells whether a manager or a worker created the
    ///   cluster.
    private func withWorker(version: Int, _ body: (DataDirectory, NodeName) throws -> Void) throws {
        let path = "/tmp/cube-lone-\(UUID().uuidString.prefix(8))"
        // A leftover directory in /tmp does no harm.
        defer { try? FileManager.default.removeItem(atPath: path) }
        let data = DataDirectory(path: FilePath(path))
        let name = NodeName(rawValue: "w1")!
        try FileManager.default.createDirectory(
            atPath: data.worker(name).string, withIntermediateDirectories: true)
        let cluster = "00000000-0000-\(version)000-8000-00000000000c"
        try Data(#"{"version": 1, "value": {"cluster": "\#(cluster)", "term": 1}}"#.utf8)
            .write(to: URL(filePath: data.worker(name).appending("worker.json").string))
        try body(data, name)
    }

    @Test func `a worker without a manager implies no lost store, and up reports what to do`() throws {
        try withWorker(version: 8) { (data, name) throws in
            #expect(try LostStore.find(in: data) == nil)
            let lone = try #require(try LoneWorker.find(name, in: data))
            #expect(lone == LoneWorker(name: name, data: data, tasks: 0))
            #expect(lone.failure.message == "worker w1 received tasks without a manager, so it cannot join one")
            let command = "cube worker rejoin --name w1 --data-dir \(data.path)"
            #expect(lone.failure.hint == "make it forget these tasks with `\(command)`")
        }
    }

    @Test func `a worker of a manager's cluster without a store counts as a lost store`() throws {
        try withWorker(version: 4) { (data, name) throws in
            #expect(try LoneWorker.find(name, in: data) == nil)
            #expect(try LostStore.find(in: data) == LostStore(data: data, tasks: 0))
        }
        try withWorker(version: 8) { (data, _) throws in
            #expect(try LoneWorker.find(nil, in: data) == nil)
            #expect(try LoneWorker.find(NodeName(rawValue: "other"), in: data) == nil)
        }
    }
}
