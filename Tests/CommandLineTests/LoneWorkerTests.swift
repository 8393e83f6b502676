import CubeTypes
import Foundation
import SystemPackage
import Testing

@testable import cube

/// A data directory in which a worker was given tasks without a manager.
@Suite struct LoneWorkerTests {
    /// - Parameter version: that of the cluster's id, which says who founded it.
    private func withWorker(version: Int, _ body: (DataDirectory, NodeName) throws -> Void) throws {
        let path = "/tmp/cube-lone-\(UUID().uuidString.prefix(8))"
        // It is below /tmp, and nobody looks there again.
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

    @Test func `no store is lost where a worker stands alone, and up is told what to do`() throws {
        try withWorker(version: 8) { (data, name) throws in
            #expect(try LostStore.find(in: data) == nil)
            let lone = try #require(try LoneWorker.find(name, in: data))
            #expect(lone == LoneWorker(name: name, tasks: 0))
            #expect(lone.failure.message == "worker w1 stands alone: it was given tasks without a manager")
            #expect(lone.failure.hint == "`cube worker rejoin --name w1` has it forget them")
        }
    }

    @Test func `a worker of a manager's cluster without its store does not stand alone`() throws {
        try withWorker(version: 4) { (data, name) throws in
            #expect(try LoneWorker.find(name, in: data) == nil)
            #expect(try LostStore.find(in: data) == LostStore(directory: data.manager, tasks: 0))
        }
        try withWorker(version: 8) { (data, _) throws in
            #expect(try LoneWorker.find(nil, in: data) == nil)
            #expect(try LoneWorker.find(NodeName(rawValue: "other"), in: data) == nil)
        }
    }
}
