package import CubeCore
import CubeJSON
import CubeSystem
package import CubeTypes
import FoundationEssentials
package import Logging
package import SystemPackage

/// A source of manifests that follows a reference of a remote repository through a bare clone.
///
/// The clone is a cache. If the remote answers but the clone fails, the source creates a new clone and replaces the old
/// one. The last manifests that were read stay in force until newer ones are read.
package actor GitSource {
    /// The time limits for requests and for git.
    package struct Patience: Sendable {
        package var question: Duration = .seconds(30)
        /// The time without progress after which a transfer is killed. Its total time is not limited: git cannot resume
        /// an interrupted transfer, so a limit could restart a long transfer forever.
        package var transfer: Duration = .seconds(120)
        /// The time limit for garbage collection of the clone, which needs no remote.
        package var tidying: Duration = .seconds(900)
        /// The time limit for the first request after a start if the clone can provide the last state without the
        /// remote.
        package var first: Duration = .seconds(10)

        package init() {}
    }

    /// The result of a check of the remote.
    package struct Look: Sendable {
        /// `nil` if nothing changed.
        package var snapshot: ManifestSnapshot?
        package var hasFailed: Bool
    }

    /// The reason why the manifests in force may differ from those of the remote.
    private struct Trouble: Error {
        var reason: Diagnostic.Reason
        var text: String
    }

    private let remote: GitRemote
    private let signers: CommitSigners?
    private let directory: FilePath
    private let git: GitProgram
    private let repository: GitRepository
    private let patience: Patience
    private let now: @Sendable () -> Timestamp
    private let logger: Logger
    private let executor: any SerialExecutor

    /// The manifests in force.
    private var inForce: ManifestSnapshot?
    /// The commit that was fetched last. It may have been rejected.
    private var fetched: String?
    /// The number of hexadecimal digits in the remote's object ids: 64 in a SHA-256 repository.
    private var idLength = 40
    /// Whether the remote does not support partial transfers.
    private var fetchesAll = false
    /// Whether fetching file contents into the clone failed, so that the clone may be damaged.
    private var isDoubtful = false
    /// The commit and the trouble that were reported last; `nil` before the first look.
    private var reported: (commit: String?, trouble: Diagnostic.Reason?)?
    private var isUntidy = false

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Parameters:
    ///   - signers: The signers whose commits are accepted; `nil` accepts all commits.
    ///   - directory: The directory of the clone. The source creates it; it may be deleted at any time.
    ///   - executor: The executor of the actor, whose jobs wait for git.
    package init(
        _ remote: GitRemote, signers: CommitSigners? = nil, directory: FilePath, git: GitProgram,
        patience: Patience = Patience(), now: @escaping @Sendable () -> Timestamp, logger: Logger,
        executor: any SerialExecutor = BlockingExecutor("cube.git-source")
    ) {
        self.executor = executor
        self.remote = remote
        self.signers = signers
        self.directory = directory
        self.git = git.talking(to: remote, signers: signers)
        self.patience = patience
        self.now = now
        self.logger = logger
        repository = GitRepository(
            ["--git-dir=\(directory)"], git: self.git, patience: patience.transfer, now: now)
    }

    /// Checks the remote for a new commit and reads its manifests.
    package func look() async -> Look {
        if reported == nil { recoverInterruptedClone() }
        var trouble: Trouble?
        do throws(Trouble) { try await update() } catch {
            trouble = error
            if inForce == nil, !Task.isCancelled { await restore() }
        }
        guard !Task.isCancelled else { return Look(snapshot: nil, hasFailed: false) }
        let commit = inForce?.source.commit
        // The text of a trouble may differ between attempts; report it again only when its reason changes.
        if let reported, reported == (commit, trouble?.reason) { return Look(snapshot: nil, hasFailed: trouble != nil) }
        if commit != reported?.commit, let commit {
            logger.notice(
                "read manifests from a commit", metadata: ["commit": "\(commit)", "url": "\(remote.url)"])
        }
        reported = (commit, trouble?.reason)
        return Look(snapshot: snapshot(trouble), hasFailed: trouble != nil)
    }

    /// Runs git's garbage collection on the clone if it is due.
    package func tidy() async {
        guard isUntidy else { return }
        isUntidy = false
        let settings = ["-c", "gc.auto=1000", "-c", "gc.autoDetach=false"]
        // A failure leaves the clone as usable as before; a clone that it damages is replaced.
        _ = try? await git.text(
            settings + ["--git-dir=\(directory)", "gc", "--auto", "--quiet"], within: patience.tidying)
    }

    /// Returns the manifests in force, with a problem that explains why they may be outdated.
    private func snapshot(_ trouble: Trouble?) -> ManifestSnapshot {
        var snapshot =
            inForce
            ?? ManifestSnapshot(
                began: now(), ended: now(), isComplete: false, root: nil, files: [:], source: remote.revision(nil))
        if let trouble {
            snapshot.problems.append(
                Diagnostic(
                    reason: trouble.reason, summary: trouble.text, range: SourceRange(filename: remote.url)))
        }
        return snapshot
    }

    // MARK: The steps

    private func update() async throws(Trouble) {
        let tip = try await tip()
        idLength = tip.utf8.count
        guard tip != inForce?.source.commit else { return }
        let commit = tip == fetched ? tip : try await fetch()
        try await verify(commit)
        inForce = try await manifests(of: commit)
        isUntidy = true
        // Mark the commit in the clone, so that a start without the remote can continue from it.
        do throws(GitError) { try await repository.text(["update-ref", Self.good, commit]) } catch {
            logger.warning("cannot mark the commit in the clone", metadata: ["error": "\(error)"])
        }
    }

    /// Restores the manifests that were in force before, without the remote.
    private func restore() async {
        guard await isOurs else { return }
        do {
            guard let commit = try await repository.commit(Self.good) else { return }
            try await verify(commit)
            inForce = try await read(commit)
        } catch {
            logger.warning("cannot restore the last manifests from the clone", metadata: ["error": "\(error)"])
        }
    }

    /// Returns the commit to which the followed reference points at the remote.
    private func tip() async throws(Trouble) -> String {
        if case .commit(let id) = remote.reference { return id }
        let name = remote.remoteName
        let patience = inForce == nil && exists(directory) ? patience.first : patience.question
        let answer: String
        do {
            // Run outside of the clone, so that its contents do not influence the answer.
            answer = try await git.text(["-C", "/", "ls-remote", GitRemote.name, name, "\(name)^{}"], within: patience)
        } catch {
            throw Trouble(reason: .remoteUnreachable, text: "\(error)")
        }
        var tips: [Substring: Substring] = [:]
        for line in answer.split(separator: "\n") {
            let words = line.split(separator: "\t", maxSplits: 1)
            if words.count == 2 { tips[words[1]] = words[0] }
        }
        // A tag may be an object of its own, which names the commit.
        guard let tip = tips["\(name)^{}"] ?? tips[name[...]] else {
            throw Trouble(reason: .branchMissing, text: "the remote has no \(name)")
        }
        return String(tip)
    }

    /// Fetches the new commit into the clone.
    private func fetch() async throws(Trouble) -> String {
        if await isOurs {
            do throws(GitError) {
                if let commit = try await fetchedCommit() { return commit }
            } catch {
                guard error.mayBeOfTheClone else { throw Trouble(reason: .remoteUnreachable, text: "\(error)") }
                logger.notice("creating a new clone", metadata: ["why": "\(error)"])
            }
        }
        return try await cloneAnew()
    }

    private func fetchedCommit() async throws(GitError) -> String? {
        // A commit that the clone lacks is no error.
        if !isDoubtful, case .commit(let id) = remote.reference, let commit = try? await repository.commit(id) {
            return commit
        }
        try await repository.fetch(remote, as: Self.new, isWhole: fetchesAll, patience: patience.transfer)
        isDoubtful = false
        fetched = try await repository.commit(Self.new)
        return fetched
    }

    private func verify(_ commit: String) async throws(Trouble) {
        guard signers != nil else { return }
        do throws(GitError) { try await repository.text(["verify-commit", commit]) } catch {
            guard case .failed(_, let text) = error.cause else {
                throw Trouble(reason: .signatureInvalid, text: "\(error)")
            }
            let why = text.split(whereSeparator: \.isNewline).last ?? "it is not signed"
            throw Trouble(reason: .signatureInvalid, text: "commit \(commit) is rejected: \(why)")
        }
    }

    private func manifests(of commit: String) async throws(Trouble) -> ManifestSnapshot {
        do throws(GitError) { return try await read(commit) } catch {
            if error.verb == "fetch" { try contentFailed(error) }
            guard error.mayBeOfTheClone else { throw Trouble(reason: .cloneDamaged, text: "\(error)") }
            logger.notice("creating a new clone", metadata: ["why": "\(error)"])
        }
        _ = try await cloneAnew()
        do throws(GitError) { return try await read(commit) } catch {
            throw Trouble(reason: .cloneDamaged, text: "\(error)")
        }
    }

    /// Handles a failure to fetch file contents. Fetched contents stay in the clone, so that the next attempt continues
    /// from there.
    ///
    /// - Throws: Unless a new, complete clone may solve the problem.
    private func contentFailed(_ error: GitError) throws(Trouble) {
        // Fetch the commit again at the next attempt: in a damaged clone, that fails and shows the damage.
        fetched = nil
        isDoubtful = true
        guard error.isOfPartialTransfer, !fetchesAll else {
            throw Trouble(reason: .remoteUnreachable, text: "\(error)")
        }
        fetchesAll = true
    }

    private func read(_ commit: String) async throws(GitError) -> ManifestSnapshot {
        try await repository.snapshot(
            of: commit, path: BytePath(naming: remote.path), root: .repository(remote.sourceID),
            source: remote.revision(commit))
    }

    // MARK: The clone

    /// The reference of the commit in force, and that of the commit that was fetched last.
    private static let good = "refs/cube/good"
    private static let new = "refs/cube/new"
    private static let setting = "cube.source"

    /// Identifies the remote and the reference that the clone follows.
    private var content: String { "\(remote.url) \(remote.remoteName)" }

    /// Whether the clone exists and follows the current remote and reference.
    private var isOurs: Bool {
        get async {
            guard exists(directory) else { return false }
            // An unreadable clone is replaced.
            return (try? await repository.text(["config", "--get", Self.setting])) == content
        }
    }

    /// Creates a new clone beside the existing one, then replaces the existing one.
    ///
    /// - Returns: The commit of the followed reference.
    private func cloneAnew() async throws(Trouble) -> String {
        let beside = FilePath("\(directory).new")
        let place = "--git-dir=\(beside)"
        fetched = nil
        do {
            try remove(beside)
            try FileManager.default.createDirectory(
                atPath: directory.removingLastComponent().string, withIntermediateDirectories: true)
            let repository = GitRepository([place], git: git, now: now)
            let format = idLength == 64 ? ["--object-format=sha256"] : []
            try await repository.text(["init", "--quiet", "--bare", "--template="] + format)
            try await repository.text(["config", Self.setting, content])
            try await repository.fetch(remote, as: Self.new, isWhole: fetchesAll, patience: patience.transfer)
            guard let commit = try await repository.commit(Self.new) else {
                throw Trouble(reason: .branchMissing, text: "\(remote.remoteName) at the remote is not a commit")
            }
            try swap(beside)
            isDoubtful = false
            fetched = commit
            return commit
        } catch let trouble as Trouble {
            throw trouble
        } catch let error as GitError {
            throw Trouble(reason: .remoteUnreachable, text: "\(error)")
        } catch {
            throw Trouble(reason: .cloneDamaged, text: "\(directory): \(error)")
        }
    }

    /// Replaces the clone. An interruption at any point leaves either a complete clone or none.
    private func swap(_ beside: FilePath) throws {
        let old = FilePath("\(directory).old")
        try remove(old)
        if exists(directory) { try FileManager.default.moveItem(atPath: directory.string, toPath: old.string) }
        try FileManager.default.moveItem(atPath: beside.string, toPath: directory.string)
        try remove(old)
    }

    /// Cleans up after a process that was killed while it replaced the clone.
    private func recoverInterruptedClone() {
        do {
            let old = FilePath("\(directory).old")
            if exists(old), !exists(directory) {
                try FileManager.default.moveItem(atPath: old.string, toPath: directory.string)
            }
            for rest in [old, FilePath("\(directory).new")] { try remove(rest) }
        } catch {
            logger.warning("cannot remove the remains of an interrupted clone", metadata: ["error": "\(error)"])
        }
    }

    private func remove(_ path: FilePath) throws {
        if exists(path) { try FileManager.default.removeItem(atPath: path.string) }
    }

    private func exists(_ path: FilePath) -> Bool { FileManager.default.fileExists(atPath: path.string) }
}

/// The signers whose commits are accepted.
package enum CommitSigners: Hashable, Sendable {
    /// The owners of the keys in the user's GPG keyring.
    case keyring
    /// The owners of the keys in the keyring, and of the SSH keys in this file, in the format of ALLOWED SIGNERS in
    /// `ssh-keygen(1)`.
    case file(FilePath)
}

extension GitError {
    /// Whether a damaged clone may be the cause.
    fileprivate var mayBeOfTheClone: Bool {
        switch cause {
        case .failed, .malformed: true
        case .notStarted, .deadline, .standstill, .cancelled: false
        }
    }
}

extension Diagnostic.Reason {
    fileprivate static let remoteUnreachable: Self = "remote_unreachable"
    fileprivate static let branchMissing: Self = "branch_missing"
    fileprivate static let signatureInvalid: Self = "signature_invalid"
    fileprivate static let cloneDamaged: Self = "clone_damaged"
}
