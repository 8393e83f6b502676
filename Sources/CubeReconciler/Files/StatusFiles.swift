package import CubeCore
import CubeJSON
package import CubeSystem
package import CubeTypes
import FoundationEssentials
package import Logging
package import SystemPackage

/// The files that are written back: each only when its content changes.
///
/// It knows what it wrote; of what an earlier process wrote it reads the file once before it decides.
package actor StatusFiles {
    private static let summary = "status/summary.json"
    private static let workloads = "status/workloads"
    private static let drift = "drift"
    private static let maximumFile = 16 << 20

    private let directory: FilePath
    private let files: any WritableFileSystem
    private let logger: Logger
    private let executor = BlockingExecutor("cube.status-files")

    /// A hash of what stands on the disk.
    private var written: [String: Int] = [:]
    /// What could not be written: the content, or `nil` for a file to remove.
    private var failed: [String: [UInt8]?] = [:]

    /// What keeps the files from being written, while something does.
    private var problem: FileError?

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    package init(directory: FilePath, files: any WritableFileSystem, logger: Logger) {
        self.directory = directory
        self.files = files
        self.logger = logger
    }

    /// What an earlier process wrote: what it says is where the next one goes on. A file that cannot be read is left out.
    package func load() -> (reports: [WorkloadReport], summary: SummaryStatus?) {
        let names = (try? files.names(in: directory.appending(Self.workloads))) ?? []  // It is written anew anyway.
        let reports = names.compactMap { name -> WorkloadReport? in
            guard let status: WorkloadStatus = load("\(Self.workloads)/\(name)") else { return nil }
            return WorkloadReport(status: status, drift: load("\(Self.drift)/\(name)"))
        }
        return (reports, load(Self.summary))
    }

    /// Writes what a plan says of everything and of the workloads that changed. What failed before is tried again.
    ///
    /// - Returns: what keeps files from being written; `nil` when all of them are as they should be.
    package func write(_ summary: SummaryStatus, _ reports: [WorkloadName: WorkloadReport?]) -> FileError? {
        var changes = failed
        changes.updateValue(Self.bytes(of: summary), forKey: Self.summary)
        for (name, report) in reports {
            changes.updateValue(report.map { Self.bytes(of: $0.status) }, forKey: "\(Self.workloads)/\(name).json")
            changes.updateValue(report?.drift.map(Self.bytes), forKey: "\(Self.drift)/\(name).json")
        }
        return apply(changes)
    }

    /// Removes the files about other workloads, which an earlier process left.
    package func keepOnly(_ names: Set<WorkloadName>) -> FileError? {
        let kept = Set(names.map { "\($0).json" })
        var changes = failed
        for folder in [Self.workloads, Self.drift] {
            do throws(FileError) {
                for name in try files.names(in: directory.appending(folder)) ?? [] where !kept.contains(name) {
                    changes.updateValue(nil, forKey: "\(folder)/\(name)")
                }
            } catch {
                return note(error)
            }
        }
        return apply(changes)
    }

    /// Forgets the files that somebody else took away since they were written.
    ///
    /// - Returns: the workloads that they were about; `nil` where nothing is missing.
    package func takeMissing() -> Set<WorkloadName>? {
        var present: Set<String> = []
        do throws(FileError) {
            if try files.exists(directory.appending(Self.summary)) { present.insert(Self.summary) }
            for folder in [Self.workloads, Self.drift] {
                present.formUnion((try files.names(in: directory.appending(folder)) ?? []).map { "\(folder)/\($0)" })
            }
        } catch {
            return nil  // The next write tells what is wrong.
        }
        let missing = written.keys.filter { !present.contains($0) }
        guard !missing.isEmpty else { return nil }
        for path in missing { written[path] = nil }
        return Set(
            missing.compactMap {
                WorkloadName(rawValue: String(BytePath(text: $0).splittingLastEntry.name.text.dropLast(5)))
            })
    }

    /// JSON for people: one key a line, sorted.
    static func bytes(of value: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do { return JSONLayout.indented(try encoder.encode(value)) + [UInt8(ascii: "\n")] } catch {
            preconditionFailure("Our own values always encode: \(error)")
        }
    }

    private func load<Value: Decodable>(_ relative: String) -> Value? {
        // What cannot be read is written anew.
        guard let bytes = try? files.read(directory.appending(relative), limit: Self.maximumFile) else { return nil }
        written[relative] = bytes.hashValue
        return try? JSONDecoder().decode(Value.self, from: Data(bytes))  // Of another version: it is written anew.
    }

    private func apply(_ changes: [String: [UInt8]?]) -> FileError? {
        failed = [:]
        var failure: FileError?
        for (path, content) in changes.sorted(by: { $0.key < $1.key }) {
            do throws(FileError) {
                try put(content, at: path)
            } catch {
                written[path] = nil
                failed.updateValue(content, forKey: path)
                failure = failure ?? error
            }
        }
        return note(failure)
    }

    /// Says once that files cannot be written, and once that they can again.
    private func note(_ failure: FileError?) -> FileError? {
        if let failure, problem?.cause != failure.cause {
            logger.error("cannot write status files; nothing is stopped", metadata: ["error": "\(failure)"])
        } else if failure == nil, problem != nil {
            logger.notice("status files are written again")
        }
        problem = failure
        return failure
    }

    private func put(_ content: [UInt8]?, at relative: String) throws(FileError) {
        let path = directory.appending(relative)
        guard let content else {
            try files.remove(path)
            written[relative] = nil
            return
        }
        let hash = content.hashValue
        if written[relative] == hash { return }
        // What cannot be read is replaced.
        if written[relative] == nil, (try? files.read(path, limit: content.count + 1)) == content {
            written[relative] = hash
            return
        }
        do throws(FileError) {
            try files.replace(path, with: content, durable: false)
        } catch {
            guard error.errno == .noSuchFileOrDirectory else { throw error }
            try files.makeDirectory(path.removingLastComponent())
            try files.replace(path, with: content, durable: false)
        }
        written[relative] = hash
    }
}
