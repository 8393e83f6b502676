import CubeCore
import CubeSystem
import CubeTypes
import FoundationEssentials
import Logging
import SystemPackage
import Testing

@testable import CubeReconciler

/// More status files than one thread writes before it takes others.
struct StatusFilesTests {
    private let directory: TemporaryDirectory
    private let files: StatusFiles
    private let names = (0..<300).map { WorkloadName(rawValue: "web-\($0)")! }
    private let summary = SummaryStatus(owner: .default, source: SourceRevision(path: "manifests"))

    init() throws {
        directory = try TemporaryDirectory()
        files = StatusFiles(directory: directory.path, files: LocalFileSystem(), logger: Logger(label: "test"))
    }

    private func report(_ name: WorkloadName, replicas: Int = 1) -> WorkloadReport {
        WorkloadReport(
            status: WorkloadStatus(
                name: name, sync: .synced, health: .healthy,
                replicas: WorkloadStatus.Replicas(desired: replicas, live: replicas, ready: replicas)))
    }

    private func path(of name: WorkloadName) -> FilePath { directory.path.appending("status/workloads/\(name).json") }

    private func stamp(of name: WorkloadName) throws -> FileStamp? {
        try LocalFileSystem().openRoot(directory.path)?.stamp(of: BytePath(naming: "status/workloads/\(name).json"))
    }

    private func reports(_ names: [WorkloadName]) -> [WorkloadName: WorkloadReport?] {
        names.reduce(into: [:]) { $0.updateValue(report($1), forKey: $1) }
    }

    @Test func `each file is written once, with the status of its own workload`() async throws {
        #expect(await files.write(summary, reports(names)) == nil)
        let found = await StatusFiles(
            directory: directory.path, files: LocalFileSystem(), logger: Logger(label: "test")
        ).load()
        #expect(found.summary == summary)
        #expect(Set(found.reports) == Set(names.map { report($0) }))

        let stamps = try names.map(stamp)
        var changes = reports(names)
        changes.updateValue(report(names[7], replicas: 2), forKey: names[7])
        changes.updateValue(nil, forKey: names[8])
        #expect(await files.write(summary, changes) == nil)
        for (name, stamp) in zip(names, stamps) where ![names[7], names[8]].contains(name) {
            #expect(try self.stamp(of: name) == stamp, "\(name) was written again")
        }
        #expect(try stamp(of: names[8]) == nil)
        #expect(await files.load().reports.contains(report(names[7], replicas: 2)))
    }

    @Test func `a file that cannot be written keeps back no other, and is written later`() async throws {
        // A rename cannot replace a directory.
        try directory.makeDirectory("status/workloads/\(names[150]).json/taken")
        let error = await files.write(summary, reports(names))
        #expect(error?.path == path(of: names[150]).string)
        #expect(Set(await files.load().reports) == Set(names.map { report($0) }).subtracting([report(names[150])]))

        try FileManager.default.removeItem(atPath: path(of: names[150]).string)
        #expect(await files.write(summary, [:]) == nil)
        #expect(Set(await files.load().reports) == Set(names.map { report($0) }))
    }
}
