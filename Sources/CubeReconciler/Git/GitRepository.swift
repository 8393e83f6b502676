import CubeCore
import CubeJSON
import CubeSystem
import CubeTypes
import SystemPackage

/// Reads commits and their manifests from a local repository without a checkout.
///
/// Its methods block the thread, so call them on a thread that may block.
final class GitRepository {
    /// The time limit for commands that need no network.
    static let limit: Duration = .seconds(60)

    private let git: GitProgram
    /// The arguments that select the repository.
    private let place: [String]
    /// The time without progress after which a fetch from the remote of a partial clone is killed; `nil` for a
    /// repository that counts as complete.
    private let patience: Duration?
    private let now: @Sendable () -> Timestamp

    private let index = ManifestIndex()
    /// The tree that the index describes, with its problems and warnings.
    private var indexed: (tree: String, problems: [Diagnostic], warnings: [Diagnostic])?

    /// - Parameters:
    ///   - place: `--git-dir=PATH`, or `-C PATH` for a directory in a working tree.
    ///   - patience: The time without progress after which a fetch from the remote of a partial clone is killed; `nil`
    ///     for a repository that is no partial clone.
    init(
        _ place: [String], git: GitProgram, patience: Duration? = nil, now: @escaping @Sendable () -> Timestamp
    ) {
        self.place = place
        self.patience = patience
        self.git = git
        self.now = now
    }

    /// Runs git in the repository and returns its output as text.
    @discardableResult
    func text(_ arguments: [String], within limit: Duration = limit) async throws(GitError) -> String {
        try await git.text(place + arguments, within: limit)
    }

    /// Runs git in the repository and returns its output as bytes, which need not be text.
    func bytes(_ arguments: [String]) async throws(GitError) -> [UInt8] {
        var bytes: [UInt8] = []
        try await git.run(place + arguments, within: Self.limit) { bytes += $0 }
        return bytes
    }

    /// Returns the commit that a revision names, or `nil` if there is none.
    func commit(_ revision: String) async throws(GitError) -> String? {
        guard !revision.isEmpty, !revision.hasPrefix("-") else { return nil }
        do {
            return try await text(["rev-parse", "--verify", "--quiet", "\(revision)^{commit}"])
        } catch {
            guard case .failed(1, _) = error.cause else { throw error }
            return nil
        }
    }

    /// Fetches the followed reference of a remote and stores it under `name`, even if `name` refers to an unrelated
    /// commit. Fetches only that commit, without the contents of its files, which ``fetch(objects:patience:)`` fetches.
    /// If the remote does not support that, fetches everything.
    func fetch(_ remote: GitRemote, as name: String, isWhole: Bool = false, patience: Duration) async throws(GitError) {
        let reference = [GitRemote.name, "+\(remote.remoteName):\(name)"]
        if !isWhole {
            do throws(GitError) {
                return try await transfer(
                    ["--force", "--depth=1", "--update-shallow"] + Self.withoutContent + reference, patience)
            } catch {
                guard error.isOfPartialTransfer else { throw error }
            }
        }
        try await transfer(["--force", "--update-shallow", "--no-filter"] + reference, patience)
    }

    /// Fetches the contents of files. Batches that are complete need not be fetched again after an interruption.
    ///
    /// - Parameter objects: The ids of blobs.
    func fetch(objects: some Collection<String>, patience: Duration) async throws(GitError) {
        var rest = objects.sorted()[...]
        while !rest.isEmpty {
            // Without this setting, the remote assumes that a client with a commit also has its files, and omits them.
            try await transfer(
                Self.withoutContent + [GitRemote.name] + rest.prefix(Self.batch), patience,
                settings: ["-c", "fetch.negotiationAlgorithm=noop"])
            rest = rest.dropFirst(Self.batch)
        }
    }

    private static let withoutContent = ["--filter=blob:none"]
    /// The maximum number of objects per request.
    private static let batch = 500

    private func transfer(
        _ arguments: [String], _ patience: Duration, settings: [String] = []
    ) async throws(GitError) {
        let options = ["--progress", "--no-tags", "--no-write-fetch-head"]
        try await git.transfer(settings + place + ["fetch"] + options + arguments, patience: patience)
    }

    /// Returns the best common ancestor of two commits, or `nil` if the repository contains none.
    func mergeBase(of first: String, _ second: String) async throws(GitError) -> String? {
        do { return try await text(["merge-base", first, second]) } catch {
            guard case .failed(1, _) = error.cause else { throw error }
            return nil
        }
    }

    /// Whether the repository lacks older commits.
    func isShallow() async throws(GitError) -> Bool {
        try await text(["rev-parse", "--is-shallow-repository"]) == "true"
    }

    /// Reads the manifests of a commit. Files that have not changed since the last call are not read again.
    ///
    /// - Parameters:
    ///   - path: The directory of the manifests, relative to the root of the repository.
    ///   - root: The identity of the source.
    /// - Throws: If the repository is unreadable, so that the state of the manifests is unknown.
    func snapshot(
        of commit: String, path: BytePath, root: RootIdentity, source: SourceRevision
    ) async throws(GitError) -> ManifestSnapshot {
        let began = now()
        let objects = try ObjectReader(git.fetchingMissingObjects, repository: place)
        defer { objects.child.kill(.done) }
        let name = Array("\(commit):".utf8) + path.bytes
        let answer = try await within(objects) { () throws(GitError) in try objects.read(name, limit: 0) }
        let isAmbiguous = try await isAmbiguous(path, in: commit)
        guard !isAmbiguous, case .object(let id, "tree", _, _) = answer else {
            indexed = nil
            let why = isAmbiguous ? "occurs twice" : answer == .missing ? "does not exist" : "is not a directory"
            let problem = Diagnostic.unreadable(path, "\(why) in commit \(commit)")
            return ManifestSnapshot(
                began: began, ended: now(), isComplete: false, root: nil, files: [:], problems: [problem],
                source: source)
        }
        if indexed?.tree != id {
            indexed = nil
            let (problems, warnings) = try await scan(id, root, name, objects)
            indexed = (id, problems, warnings)
        }
        return ManifestSnapshot(
            began: began, ended: now(), isComplete: indexed?.problems.isEmpty ?? false, isImmutable: true, root: root,
            files: index.states, problems: indexed?.problems ?? [],
            warnings: indexed?.warnings ?? [], source: source)
    }

    /// Updates the index.
    ///
    /// - Returns: Problems of the tree, and warnings about skipped entries.
    private func scan(
        _ id: String, _ identity: RootIdentity, _ name: [UInt8], _ objects: ObjectReader
    ) async throws(GitError) -> (problems: [Diagnostic], warnings: [Diagnostic]) {
        let listing = try await list(["-r", id])
        var lacking = patience == nil ? [] : try await lacking(below: id)
        while true {
            let tree = GitTree(
                listing, identity: identity, at: String(decoding: name, as: UTF8.self), objects: objects,
                lacking: lacking)
            let problems = try await scan(tree, name, objects)
            guard let patience, !tree.wanted.isEmpty else { return problems }
            // Fetch the manifests first, then the files that they refer to. No object is fetched twice, so the loop
            // ends.
            try await fetch(objects: tree.wanted, patience: patience)
            lacking.subtract(tree.wanted)
        }
    }

    private func list(_ arguments: [String]) async throws(GitError) -> GitTree.Listing {
        var listing = GitTree.Listing()
        try await git.run(place + ["ls-tree", "-t", "-z", "--full-tree"] + arguments, within: Self.limit) {
            listing.take($0)
        }
        guard !listing.isMalformed else { throw GitError("ls-tree", .malformed("a line lacks fields")) }
        return listing
    }

    /// Whether the tree of a commit has duplicate entries on the way to a path.
    private func isAmbiguous(_ path: BytePath, in commit: String) async throws(GitError) -> Bool {
        // Git takes only text as arguments, so other paths are not checked.
        guard !path.isRoot, let name = String(validating: path.bytes, as: UTF8.self) else { return false }
        return try await !list([commit, "--", name]).twice.isEmpty
    }

    /// Returns the objects below a tree that the clone lacks.
    private func lacking(below id: String) async throws(GitError) -> Set<String> {
        let objects = try await text(["rev-list", "--objects", "--missing=print", "--no-object-names", id])
        return Set(objects.split(separator: "\n").filter { $0.hasPrefix("?") }.map { String($0.dropFirst()) })
    }

    private func scan(
        _ tree: GitTree, _ name: [UInt8], _ objects: ObjectReader
    ) async throws(GitError) -> (problems: [Diagnostic], warnings: [Diagnostic]) {
        try await within(objects) { () throws(GitError) in
            var scan = DirectoryScan(tree, index: index, thoroughness: .files, now: now(), watcher: nil) { link in
                // Whether the target is a directory; `true` if that cannot be determined, as nothing may count as
                // absent then.
                do throws(GitError) {
                    switch try objects.read(name + [UInt8(ascii: "/")] + link.bytes, limit: 0) {
                    case .object(_, let type, _, _): return type == "tree"
                    case .missing: return false
                    case .outside: return true
                    }
                } catch {
                    return true
                }
            }
            scan.walk(.root, at: .root)
            if let damage = tree.damage { throw damage }
            _ = index.keep(files: scan.files, directories: scan.directories)
            return (scan.problems, scan.warnings)
        }
    }

    private func within<Value>(
        _ objects: ObjectReader, _ body: () throws(GitError) -> Value
    ) async throws(GitError) -> Value {
        try await git.within(Self.limit, objects.child, body)
    }
}
