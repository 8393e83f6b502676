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
    /// The changes that failed.
    private var failed: [String: Content] = [:]

    /// The error that currently prevents writing; `nil` if there is none.
    private var problem: FileError?

    /// What a file is to contain.
    private enum Content: Sendable {
        case value(any Encodable & Sendable)
        /// Nothing: the file is to be removed.
        case removal
    }

    /// A change of a file, and the hash of its content on the disk; `nil` if it is unknown.
    private struct Change: Sendable {
        var path: String
        var content: Content
        var known: Int?
    }

    /// The number of files that a thread writes before it takes others.
    private static let share = 64

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
        changes[Self.summary] = .value(summary)
        for (name, report) in reports {
            changes["\(Self.workloads)/\(name).json"] = report.map { .value($0.status) } ?? .removal
            changes["\(Self.drift)/\(name).json"] = report?.drift.map { .value($0) } ?? .removal
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
                for name in names where !kept.contains(name) { changes["\(folder)/\(name)"] = .removal }
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
        written[relative] = ByteKey(bytes).hashValue
        return try? JSONBytesDecoder.value(from: bytes)  // A file of another version is replaced later.
    }

    /// Encodes and writes on all cores if that is faster.
    private func apply(_ changes: [String: Content]) -> FileError? {
        failed = [:]
        let changes = changes.sorted { $0.key < $1.key }.map { Change(path: $0, content: $1, known: written[$0]) }
        let put = { @Sendable [directory, files] (changes: ArraySlice<Change>) in
            changes.map { change in
                Result { () throws(FileError) in try Self.put(change, in: directory, by: files) }
            }
        }
        let outcomes =
            files.isParallel
            ? changes.concurrentMap(inSharesOf: Self.share, put).flatMap(\.self) : put(changes[...])
        var failure: FileError?
        for (change, outcome) in zip(changes, outcomes) {
            switch outcome {
            case .success(let hash): written[change.path] = hash
            case .failure(let error):
                written[change.path] = nil
                failed[change.path] = change.content
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

    /// - Returns: The hash of the content on the disk; `nil` if the file was removed.
    private static func put(
        _ change: Change, in directory: FilePath, by files: any WritableFileSystem
    ) throws(FileError) -> Int? {
        let path = directory.appending(change.path)
        guard case .value(let value) = change.content else {
            try files.remove(path)
            return nil
        }
        let content = bytes(of: value)
        let hash = ByteKey(content).hashValue
        if change.known == hash { return hash }
        // An unreadable file is replaced.
        if change.known == nil, (try? files.read(path, limit: content.count + 1)) == content { return hash }
        do throws(FileError) {
            try files.replace(path, with: content, durable: false)
        } catch {
            guard error.errno == .noSuchFileOrDirectory else { throw error }
            try files.makeDirectory(path.removingLastComponent())
            try files.replace(path, with: content, durable: false)
        }
        return hash
    }
}
