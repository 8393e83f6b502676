import CubeCore
import CubeJSON
import CubeSystem
import CubeTypes
import SystemPackage

/// A repository of this machine, read without a checkout: commits, and the manifests that they hold.
///
/// Its functions block their thread: they belong on one that may be blocked.
final class GitRepository {
    /// How long what needs no network may take.
    static let limit: Duration = .seconds(60)

    private let git: GitProgram
    /// What tells git where it is.
    private let place: [String]
    /// How long the remote may be silent that has what this clone lacks; `nil` for a repository of which all is here, as far as we
    /// know.
    private let patience: Duration?
    private let now: @Sendable () -> Timestamp

    private let index = ManifestIndex()
    /// The tree that the index is about, and what was wrong with it.
    private var indexed: (tree: String, problems: [Diagnostic], warnings: [Diagnostic])?

    /// - Parameters:
    ///   - place: `--git-dir=PATH`, or `-C PATH` for a directory in a working tree.
    ///   - patience: how long the remote may be silent of which this is a partial clone; `nil` where it is none.
    init(
        _ place: [String], git: GitProgram, patience: Duration? = nil, now: @escaping @Sendable () -> Timestamp
    ) {
        self.place = place
        self.patience = patience
        self.git = git
        self.now = now
    }

    /// Runs git in the repository.
    @discardableResult
    func text(_ arguments: [String], within limit: Duration = limit) async throws(GitError) -> String {
        try await git.text(place + arguments, within: limit)
    }

    /// Runs git in the repository, for what need not be text.
    func bytes(_ arguments: [String]) async throws(GitError) -> [UInt8] {
        var bytes: [UInt8] = []
        try await git.run(place + arguments, within: Self.limit) { bytes += $0 }
        return bytes
    }

    /// The commit that a revision names; `nil` where it names none.
    func commit(_ revision: String) async throws(GitError) -> String? {
        guard !revision.isEmpty, !revision.hasPrefix("-") else { return nil }
        do {
            return try await text(["rev-parse", "--verify", "--quiet", "\(revision)^{commit}"])
        } catch {
            guard case .failed(1, _) = error.cause else { throw error }
            return nil
        }
    }

    /// Fetches what is followed of a remote, under a name of our own, whatever stood there before: the one commit, without the
    /// content of its files, which ``fetch(objects:patience:)`` brings. Where the remote can send no less, all of it comes.
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

    /// Fetches the content of files. What came before it was cut off need not come again.
    ///
    /// - Parameter objects: the ids of blobs.
    func fetch(objects: some Collection<String>, patience: Duration) async throws(GitError) {
        var rest = objects.sorted()[...]
        while !rest.isEmpty {
            // The remote must not take it that whoever has a commit has its files too.
            try await transfer(
                Self.withoutContent + [GitRemote.name] + rest.prefix(Self.batch), patience,
                settings: ["-c", "fetch.negotiationAlgorithm=noop"])
            rest = rest.dropFirst(Self.batch)
        }
    }

    private static let withoutContent = ["--filter=blob:none"]
    /// How many objects are asked for at once.
    private static let batch = 500

    private func transfer(
        _ arguments: [String], _ patience: Duration, settings: [String] = []
    ) async throws(GitError) {
        let options = ["--progress", "--no-tags", "--no-write-fetch-head"]
        try await git.transfer(settings + place + ["fetch"] + options + arguments, patience: patience)
    }

    /// The best common ancestor of two commits; `nil` where there is none, as far as this repository goes back.
    func mergeBase(of first: String, _ second: String) async throws(GitError) -> String? {
        do { return try await text(["merge-base", first, second]) } catch {
            guard case .failed(1, _) = error.cause else { throw error }
            return nil
        }
    }

    /// Whether commits are missing that were made before those that are here.
    func isShallow() async throws(GitError) -> Bool {
        try await text(["rev-parse", "--is-shallow-repository"]) == "true"
    }

    /// The manifests of a commit. Files that were not changed since the last call are not read again.
    ///
    /// - Parameters:
    ///   - path: the directory of the manifests, relative to the root of the repository.
    ///   - root: who the source is.
    /// - Throws: where the repository cannot be read: nothing is said of the manifests then.
    func snapshot(
        of commit: String, path: BytePath, root: RootIdentity, source: SourceRevision
    ) async throws(GitError) -> ManifestSnapshot {
        let began = now()
        let objects = try ObjectReader(git.fetchingWhatLacks, repository: place)
        defer { objects.child.kill(.done) }
        let name = Array("\(commit):".utf8) + path.bytes
        let answer = try await within(objects) { () throws(GitError) in try objects.read(name, limit: 0) }
        let isAmbiguous = try await isAmbiguous(path, in: commit)
        guard !isAmbiguous, case .object(let id, "tree", _, _) = answer else {
            indexed = nil
            let why = isAmbiguous ? "stands twice" : answer == .missing ? "is not" : "is no directory"
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

    /// Brings the index up to date.
    ///
    /// - Returns: what is wrong with the tree, and what was left aside.
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
            // The manifests first, then the files that they name: each round fetches something, and no object twice.
            try await fetch(objects: tree.wanted, patience: patience)
            lacking.subtract(tree.wanted)
        }
    }

    private func list(_ arguments: [String]) async throws(GitError) -> GitTree.Listing {
        var listing = GitTree.Listing()
        try await git.run(place + ["ls-tree", "-t", "-z", "--full-tree"] + arguments, within: Self.limit) {
            listing.take($0)
        }
        guard !listing.isMalformed else { throw GitError("ls-tree", .malformed("a line without its parts")) }
        return listing
    }

    /// Whether a commit has something twice on the way to a path.
    private func isAmbiguous(_ path: BytePath, in commit: String) async throws(GitError) -> Bool {
        // Git takes arguments that are text.
        guard !path.isRoot, let name = String(validating: path.bytes, as: UTF8.self) else { return false }
        return try await !list([commit, "--", name]).twice.isEmpty
    }

    /// The objects below a tree that are not here.
    private func lacking(below id: String) async throws(GitError) -> Set<String> {
        let objects = try await text(["rev-list", "--objects", "--missing=print", "--no-object-names", id])
        return Set(objects.split(separator: "\n").filter { $0.hasPrefix("?") }.map { String($0.dropFirst()) })
    }

    private func scan(
        _ tree: GitTree, _ name: [UInt8], _ objects: ObjectReader
    ) async throws(GitError) -> (problems: [Diagnostic], warnings: [Diagnostic]) {
        try await within(objects) { () throws(GitError) in
            var scan = DirectoryScan(tree, index: index, thoroughness: .files, now: now(), watcher: nil) { link in
                // Where it cannot be told, nothing may be taken for gone.
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
