import CubeJSON
import CubeSystem
package import CubeTypes
package import Logging
import Synchronization
package import SystemPackage

/// One line of the journal: an action that is about to be carried out, or its outcome.
package struct JournalEntry: Codable, Hashable, Sendable {
    package enum Event: String, Codable, Sendable { case intent, outcome }

    package var at: Timestamp
    package var event: Event
    package var verb: String
    package var name: WorkloadName
    package var ordinal: Int
    package var id: TaskID
    package var rule: String
    package var reason: String
    /// The digest of the plan that contains the action; `nil` for an action that a person requested.
    package var plan: Digest?
    /// The commit of the manifests, if known.
    package var commit: String?
    /// `ok`, or the reason of the error. Set only for outcomes.
    package var result: String?

    package init(
        at: Timestamp, event: Event, verb: String, name: WorkloadName, ordinal: Int, id: TaskID, rule: String,
        reason: String, plan: Digest? = nil, commit: String? = nil, result: String? = nil
    ) {
        self.at = at
        self.event = event
        self.verb = verb
        self.name = name
        self.ordinal = ordinal
        self.id = id
        self.rule = rule
        self.reason = reason
        self.plan = plan
        self.commit = commit
        self.result = result
    }
}

/// `journal.ndjson`: a record of every action before and after its call, in at most four files of 16 MiB.
///
/// Actions do not wait for the journal. Entries that do not fit into its queue are dropped and counted.
package actor Journal {
    private static let maximumQueue = 4 << 20
    static let fileName = "journal.ndjson"
    package static let maximumBytes = 16 << 20
    static let olderFiles = 3

    private struct Queue {
        var bytes: [UInt8] = []
        var entries = 0
        var dropped = 0
    }

    private let path: FilePath
    private let files: any WritableFileSystem
    private let logger: Logger
    private let executor: any SerialExecutor
    private let queue = Mutex(Queue())
    private let signals: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation
    /// The size from which the file is rotated, in bytes.
    private let rotationSize: Int
    private var isFailing = false

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Parameters:
    ///   - directory: The data directory.
    ///   - rotationSize: The size from which the file is rotated, in bytes.
    ///   - executor: The executor of the actor, whose jobs block on disk I/O.
    package init(
        directory: FilePath, files: any WritableFileSystem, logger: Logger, rotationSize: Int = maximumBytes,
        executor: any SerialExecutor = BlockingExecutor("cube.journal")
    ) {
        self.executor = executor
        path = directory.appending(Self.fileName)
        self.files = files
        self.logger = logger
        self.rotationSize = rotationSize
        (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// The number of entries that the file lacks.
    package nonisolated var dropped: Int { queue.withLock(\.dropped) }

    package nonisolated func record(_ entries: [JournalEntry]) {
        for entry in entries {
            let line = (try? JSONBytesEncoder.bytes(of: entry)) ?? []  // Strings and numbers always encode.
            queue.withLock { queue in
                if queue.bytes.count + line.count < Self.maximumQueue {
                    queue.bytes += line + [UInt8(ascii: "\n")]
                    queue.entries += 1
                } else {
                    queue.dropped += 1
                }
            }
        }
        signal.yield()
    }

    /// Writes entries until ``finish()`` is called and all entries are written.
    package func run() async {
        for await _ in signals { write() }
        write()
    }

    package nonisolated func finish() { signal.finish() }

    /// Writes the entries that are left, if ``run()`` was cancelled before.
    package func flush() { write() }

    private func write() {
        let (bytes, entries) = queue.withLock { queue in
            defer { (queue.bytes, queue.entries) = ([], 0) }
            return (queue.bytes, queue.entries)
        }
        guard !bytes.isEmpty else { return }
        do throws(FileError) {
            if try files.append(bytes, to: path) >= rotationSize { try rotate() }
            isFailing = false
        } catch {
            queue.withLock { $0.dropped += entries }
            if !isFailing { logger.error("cannot write the journal", metadata: ["error": "\(error)"]) }
            isFailing = true
        }
    }

    private func rotate() throws(FileError) {
        for number in (0..<Self.olderFiles).reversed() {
            let younger = number == 0 ? path : FilePath("\(path).\(number)")
            guard try files.exists(younger) else { continue }
            try files.rename(younger, to: FilePath("\(path).\(number + 1)"))
        }
    }
}
