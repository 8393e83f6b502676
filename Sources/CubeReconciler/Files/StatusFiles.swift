package import Logging
package import SystemPackage

/// The files that are written back: each only when its content changes.
///
/// It knows what it wrote; of what an earlier process wrote it reads the file once before it decides.
package actor StatusFiles {
    private let directory: FilePath
    private let files: any WritableFileSystem
    private let logger: Logger
    private let executor = BlockingExecutor("cube.status-files")

    /// A hash of what stands on the disk.
    private var written: [String: Int] = [:]
    /// What could not be written: the content, or `nil` for a file to remove.
    private var failed: [String: [UInt8]?] = [:]

    /// What keeps the files from being written, while something does.
    package private(set) var problem: FileError?

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    package init(directory: FilePath, files: any WritableFileSystem, logger: Logger) {
        self.directory = directory
        self.files = files
        self.logger = logger
    }

    /// Writes and removes files, paths relative to the data directory; a `nil` content removes. What failed before is tried
    /// again.
    ///
    /// - Returns: what keeps files from being written; `nil` when all of them are as they should be.
    package func apply(_ changes: [String: [UInt8]?]) -> FileError? {
        let due = failed.merging(changes) { $1 }
        let former = problem
        problem = nil
        failed = [:]
        for (path, content) in due.sorted(by: { $0.key < $1.key }) {
            do throws(FileError) {
                try put(content, at: path)
            } catch {
                written[path] = nil
                failed.updateValue(content, forKey: path)
                problem = problem ?? error
            }
        }
        if let problem, former?.cause != problem.cause {
            logger.error("Status files cannot be written; nothing is stopped.", metadata: ["error": "\(problem)"])
        } else if problem == nil, former != nil {
            logger.notice("Status files are written again.")
        }
        return problem
    }

    /// Removes what an earlier process left in a folder and is not among `names`.
    package func keepOnly(_ names: Set<String>, in folder: String) -> FileError? {
        let present: [String]
        do throws(FileError) {
            present = try files.names(in: directory.appending(folder)) ?? []
        } catch {
            problem = problem ?? error
            return problem
        }
        return apply(
            Dictionary(uniqueKeysWithValues: present.filter { !names.contains($0) }.map { ("\(folder)/\($0)", nil) }))
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
        if written[relative] == nil, try files.read(path, limit: content.count + 1) == content {
            written[relative] = hash
            return
        }
        do throws(FileError) {
            try files.replace(path, with: content, durable: false)
        } catch {
            guard error.cause == .noSuchFileOrDirectory else { throw error }
            try files.makeDirectory(path.removingLastComponent())
            try files.replace(path, with: content, durable: false)
        }
        written[relative] = hash
    }
}
