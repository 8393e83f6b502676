import CubeCore
import CubeJSON
import CubeSystem
import CubeTypes
import FoundationEssentials
import SystemPackage

/// Reads the status and drift files that the reconciler writes.
struct WrittenStatus {
    let data: DataDirectory

    /// The summary; `nil` before the first pass.
    func summary() throws -> SummaryStatus? { try read(data.status.appending("summary.json")) }

    func workload(_ name: WorkloadName) throws -> WorkloadStatus? {
        try read(data.status.appending("workloads").appending("\(name).json"))
    }

    /// The names of the workloads with a status, sorted.
    func names() throws -> [WorkloadName] { try names(in: data.status.appending("workloads")) }

    func drift(_ name: WorkloadName) throws -> DriftReport? { try read(data.drift.appending("\(name).json")) }

    private func names(in directory: FilePath) throws -> [WorkloadName] {
        guard directory.exists else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: directory.string)
            .compactMap { $0.hasSuffix(".json") ? WorkloadName(rawValue: String($0.dropLast(5))) : nil }.sorted()
    }

    private func read<Value: Decodable>(_ path: FilePath) throws -> Value? {
        guard let bytes = try NamedFile.read(path, limit: 1 << 30) else { return nil }
        do {
            return try JSONBytesDecoder.value(from: bytes)
        } catch {
            throw Failure("\(path) is not readable by this version: \(error)")
        }
    }
}
