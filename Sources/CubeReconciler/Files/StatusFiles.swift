package import CubeCore
import CubeJSON
package import CubeSystem
package import CubeTypes
package import Logging
package import SystemPackage

/// The status files. Each is written only when its content changes.
///
/// The actor remembers the files that it wrote. It reads a file of an earlier process once, before it decides whether
/// to replace it.
package actor StatusFiles {
    private static let summary = "status/summary.json"
    private static let workloads = "status/workloads"
    private static let drift = "drift"
    private static let maximumFile = 16 << 20

    private let directory: FilePath
    private let files: any WritableFileSystem
    private let logger: Logger
    private let executor: any SerialExecutor

    /// A hash of each file's content on the disk.
    private var written: [String: Int] = [:]
    /// The writes that failed: the content, or `nil` for a removal.
    private var failed: [String: [UInt8]?] = [:]

    /// The error that currently prevents writing; `nil` if there is none.
    private var problem: FileError?

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Parameter executor: The executor of the actor, whose jobs block on disk I/O.
    package init(
        directory: FilePath, files: any WritableFileSystem, logger: Logger,
        executor: any SerialExecutor = BlockingExecutor("cube.status-files")
    ) {
        self.executor = executor
        self.directory = directory
        self.files = files
        self.logger = logger
    }

    /// Reads the status files that the previous process wrote, so that this process continues with their contents. Skips
    /// unreadable files.
    package func load() -> (reports: [WorkloadReport], summary: SummaryStatus?) {
        // Unreadable files are replaced later.
        let names = (try? files.names(in: directory.appending(Self.workloads))) ?? []
        let reports = names.compactMap { name -> WorkloadReport? in
            guard let status: WorkloadStatus = load("\(Self.workloads)/\(name)") else { return nil }
            return WorkloadReport(status: status, drift: load("\(Self.drift)/\(name)"))
        }
        return (reports, load(Self.summary))
    }

    /// Writes the summary and the status of the changed workloads. Repeats writes that failed before.
    ///
    /// - Returns: The error that prevents writing; `nil` if all files are up to date.
    package func write(_ summary: SummaryStatus, _ reports: [WorkloadName: WorkloadReport?]) -> FileError? {
        var changes = failed
        changes.updateValue(Self.bytes(of: summary), forKey: Self.summary)
        for (name, report) in reports {
            changes.updateValue(report.map { Self.bytes(of: $0.status) }, forKey: "\(Self.workloads)/\(name).json")
            changes.updateValue(report?.drift.map(Self.bytes), forKey: "\(Self.drift)/\(name).json")
        }
        return apply(changes)
    }

    /// Removes files about other workloads, which an earlier process left behind. Creates the directories, which people look for.
    package func keepOnly(_ names: Set<WorkloadName>) -> FileError? {
        let kept = Set(names.map { "\($0).json" })
        var changes = failed
        for folder in [Self.workloads, Self.drift] {
            do throws(FileError) {
                guard let names = try files.names(in: directory.appending(folder)) else {
                    try files.makeDirectory(directory.appending(folder))
                    continue
                }
                for name in names where !kept.contains(name) {
                    changes.updateValue(nil, forKey: "\(folder)/\(name)")
                }
            } catch {
                return note(error)
            }
        }
        return apply(changes)
    }

    /// Forgets the files that somebody deleted since they were written.
    ///
    /// - Returns: The workloads of the deleted files; `nil` if no file is missing.
    package func takeMissing() -> Set<WorkloadName>? {
        var present: Set<String> = []
        do throws(FileError) {
            if try files.exists(directory.appending(Self.summary)) { present.insert(Self.summary) }
            for folder in [Self.workloads, Self.drift] {
                present.formUnion((try files.names(in: directory.appending(folder)) ?? []).map { "\(folder)/\($0)" })
            }
        } catch {
            return nil  // The next write reports the error.
        }
        let missing = written.keys.filter { !present.contains($0) }
        guard !missing.isEmpty else { return nil }
        for path in missing { written[path] = nil }
        return Set(
            missing.compactMap {
                WorkloadName(rawValue: String(BytePath(text: $0).splittingLastEntry.name.text.dropLast(5)))
            })
    }

    /// Encodes JSON for people: indented, with sorted keys.
    static func bytes(of value: some Encodable) -> [UInt8] {
        do { return JSONLayout.indented(try JSONBytesEncoder.bytes(of: value)) + [UInt8(ascii: "\n")] } catch {
            preconditionFailure("Our own values always encode: \(error)")
        }
    }

    private func load<Value: Decodable>(_ relative: String) -> Value? {
        // An unreadable file is replaced later.
        guard let bytes = try? files.read(directory.appending(relative), limit: Self.maximumFile) else { return nil }
        written[relative] = bytes.hashValue
        return try? JSONBytesDecoder.value(from: bytes)  // A file of another version is replaced later.
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

    /// Logs once when files become unwritable, and once when they are writable again.
    private func note(_ failure: FileError?) -> FileError? {
        if let failure, problem?.cause != failure.cause {
            logger.error(
                "cannot write status files; no tasks are stopped until they are writable",
                metadata: ["error": "\(failure)"])
        } else if failure == nil, problem != nil {
            logger.notice("status files are writable again")
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
        // An unreadable file is replaced.
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
