package import CubeCore
import CubeJSON
package import CubeTypes
import FoundationEssentials
package import Logging
package import SystemPackage

/// A branch of a remote repository as a source of manifests, read through a bare clone.
///
/// The clone is a cache. Where the remote answers and the clone still does not do, the clone is to blame, whatever became of it:
/// another one is made beside it, which then takes its place. What was read last stays in force until something better is.
package actor GitSource {
    /// How long the remote, and git, may take.
    package struct Patience: Sendable {
        package var question: Duration = .seconds(30)
        /// How long a transfer may make no progress. It may take as long as it likes otherwise: git cannot take up one that was cut
        /// off, so that a bound on the whole would start a long one over for ever.
        package var transfer: Duration = .seconds(120)
        /// How long putting the clone in order may take, for which no remote is needed.
        package var tidying: Duration = .seconds(900)
        /// For the first question after a start, where the last state can be had without the remote.
        package var first: Duration = .seconds(10)

        package init() {}
    }

    /// What a look brought.
    package struct Look: Sendable {
        /// `nil` where nothing is new.
        package var snapshot: ManifestSnapshot?
        package var hasFailed: Bool
    }

    /// Why the manifests are not those that the remote has now.
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
    private let executor = BlockingExecutor("cube.git-source")

    /// The manifests that count.
    private var inForce: ManifestSnapshot?
    /// The commit that was fetched last: it may be one that is refused.
    private var fetched: String?
    /// The number of hexadecimal digits of the remote's ids: 64 in a repository of the format SHA-256.
    private var idLength = 40
    /// Whether the remote cannot send a part of the repository.
    private var fetchesAll = false
    /// Whether content could not be fetched into the clone, which may be damaged.
    private var isDoubtful = false
    private var told: (commit: String?, trouble: Diagnostic.Reason?)?
    private var isUntidy = false

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Parameters:
    ///   - signers: whose commits count; `nil`: anybody's.
    ///   - directory: where the clone is; it is made, and may be deleted at any time.
    package init(
        _ remote: GitRemote, signers: CommitSigners? = nil, directory: FilePath, git: GitProgram,
        patience: Patience = Patience(), now: @escaping @Sendable () -> Timestamp, logger: Logger
    ) {
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

    /// Asks the remote whether there is something new, and reads it.
    package func look() async -> Look {
        if told == nil { takeUpWhatWasCutOff() }
        var trouble: Trouble?
        do throws(Trouble) { try await update() } catch {
            trouble = error
            if inForce == nil, !Task.isCancelled { await restore() }
        }
        guard !Task.isCancelled else { return Look(snapshot: nil, hasFailed: false) }
        let commit = inForce?.source.commit
        // Each try may word a trouble differently: it is one as long as its reason is the same.
        if let told, told == (commit, trouble?.reason) { return Look(snapshot: nil, hasFailed: trouble != nil) }
        if commit != told?.commit, let commit {
            logger.notice(
                "manifests are read from a commit", metadata: ["commit": "\(commit)", "url": "\(remote.url)"])
        }
        told = (commit, trouble?.reason)
        return Look(snapshot: snapshot(trouble), hasFailed: trouble != nil)
    }

    /// Lets git put what was fetched in order, where there is much of it.
    package func tidy() async {
        guard isUntidy else { return }
        isUntidy = false
        let settings = ["-c", "gc.auto=1000", "-c", "gc.autoDetach=false"]
        // A clone that cannot be put in order is as good as before, and one that is damaged by it is made anew.
        _ = try? await git.text(
            settings + ["--git-dir=\(directory)", "gc", "--auto", "--quiet"], within: patience.tidying)
    }

    /// What is in force, and what keeps it from being newer.
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
        // Without it, a start while the remote is away has nothing to go on.
        do throws(GitError) { try await repository.text(["update-ref", Self.good, commit]) } catch {
            logger.warning("cannot note the commit in the clone", metadata: ["error": "\(error)"])
        }
    }

    /// Goes on with what was in force before, without the remote.
    private func restore() async {
        guard await isOurs else { return }
        do {
            guard let commit = try await repository.commit(Self.good) else { return }
            try await verify(commit)
            inForce = try await read(commit)
        } catch {
            logger.warning("the clone does not have what was in force", metadata: ["error": "\(error)"])
        }
    }

    /// The commit that the remote has under the name that is followed.
    private func tip() async throws(Trouble) -> String {
        if case .commit(let id) = remote.reference { return id }
        let name = remote.remoteName
        let patience = inForce == nil && exists(directory) ? patience.first : patience.question
        let answer: String
        do {
            // In no repository: what the clone holds has no say in this.
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

    /// Brings what is new into the clone.
    private func fetch() async throws(Trouble) -> String {
        if await isOurs {
            do throws(GitError) {
                if let commit = try await fetchedCommit() { return commit }
            } catch {
                guard error.mayBeOfTheClone else { throw Trouble(reason: .remoteUnreachable, text: "\(error)") }
                logger.notice("the clone is made anew", metadata: ["why": "\(error)"])
            }
        }
        return try await cloneAnew()
    }

    private func fetchedCommit() async throws(GitError) -> String? {
        // A commit that is not here is no fault of the clone.
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
            let why = text.split(whereSeparator: \.isNewline).last ?? "it has no signature"
            throw Trouble(reason: .signatureInvalid, text: "commit \(commit) is refused: \(why)")
        }
    }

    private func manifests(of commit: String) async throws(Trouble) -> ManifestSnapshot {
        do throws(GitError) { return try await read(commit) } catch {
            if error.verb == "fetch" { try contentFailed(error) }
            guard error.mayBeOfTheClone else { throw Trouble(reason: .cloneDamaged, text: "\(error)") }
            logger.notice("the clone is made anew", metadata: ["why": "\(error)"])
        }
        _ = try await cloneAnew()
        do throws(GitError) { return try await read(commit) } catch {
            throw Trouble(reason: .cloneDamaged, text: "\(error)")
        }
    }

    /// The content of files could not be fetched. What came of it stays, so that the next try goes on from there.
    ///
    /// - Throws: unless another clone, of everything, is the remedy.
    private func contentFailed(_ error: GitError) throws(Trouble) {
        // The next try asks for the commit once more: where the clone is damaged, that shows it.
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

    /// The commit that is in force, and the one that was fetched last.
    private static let good = "refs/cube/good"
    private static let new = "refs/cube/new"
    private static let setting = "cube.source"

    /// What the clone is of.
    private var content: String { "\(remote.url) \(remote.remoteName)" }

    /// Whether there is a clone of what is followed now.
    private var isOurs: Bool {
        get async {
            guard exists(directory) else { return false }
            // What cannot be read is not ours.
            return (try? await repository.text(["config", "--get", Self.setting])) == content
        }
    }

    /// Makes a clone beside the one that is there, and puts it in its place.
    ///
    /// - Returns: the commit that is followed.
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
                throw Trouble(reason: .branchMissing, text: "\(remote.remoteName) of the remote is no commit")
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

    /// Whenever this is cut off, what is left is a clone or none.
    private func swap(_ beside: FilePath) throws {
        let old = FilePath("\(directory).old")
        try remove(old)
        if exists(directory) { try FileManager.default.moveItem(atPath: directory.string, toPath: old.string) }
        try FileManager.default.moveItem(atPath: beside.string, toPath: directory.string)
        try remove(old)
    }

    /// What an earlier process left when it was killed while it made a clone.
    private func takeUpWhatWasCutOff() {
        do {
            let old = FilePath("\(directory).old")
            if exists(old), !exists(directory) {
                try FileManager.default.moveItem(atPath: old.string, toPath: directory.string)
            }
            for rest in [old, FilePath("\(directory).new")] { try remove(rest) }
        } catch {
            logger.warning("what is left of a clone cannot be taken away", metadata: ["error": "\(error)"])
        }
    }

    private func remove(_ path: FilePath) throws {
        if exists(path) { try FileManager.default.removeItem(atPath: path.string) }
    }

    private func exists(_ path: FilePath) -> Bool { FileManager.default.fileExists(atPath: path.string) }
}

/// Whose commits count.
package enum CommitSigners: Hashable, Sendable {
    /// Those whose keys the user's GPG keyring has.
    case keyring
    /// Those of the keyring, and the SSH keys of this file, in the form of `ssh-keygen(1)`, ALLOWED SIGNERS.
    case file(FilePath)
}

extension GitError {
    /// Whether a clone that is damaged may be why.
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
