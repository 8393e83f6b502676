package import CubeCore
import CubeJSON
import CubeSystem
package import CubeTypes
package import SystemPackage

/// A directory of manifests: `*.json` below it, whatever its depth.
package actor DirectorySource {
    /// How much to look at.
    package enum Extent: Hashable, Sendable {
        /// Every directory and every file.
        case everything
        /// Every directory; of the files those that are new. Enough to see what is gone.
        case names
        /// What a watcher told, and what is due to be read once more.
        case entries(Set<BytePath>)

        /// Whether every directory is listed.
        var isListing: Bool {
            if case .entries = self { false } else { true }
        }
    }

    private let path: FilePath
    private let files: any FileSystem
    private let watcher: DirectoryWatcher?
    private let program: GitProgram?
    private let now: @Sendable () -> Timestamp
    private let executor = BlockingExecutor("cube.directory-source")

    private let index = ManifestIndex()
    private var root: FileIdentity?
    private var git: GitCheckout?
    private var isRemote = false

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Parameters:
    ///   - path: the directory; a link is followed anew with each look.
    ///   - watcher: is told which directories to watch; `nil` for who looks once.
    ///   - git: tells whether files differ from the commit, where the directory is part of a checkout; `nil` for who does not
    ///     want to know.
    ///   - now: a clock that does not jump.
    package init(
        _ path: FilePath, files: any FileSystem, watcher: DirectoryWatcher? = nil,
        git: GitProgram? = nil, now: @escaping @Sendable () -> Timestamp
    ) {
        self.path = path
        self.files = files
        self.watcher = watcher
        program = git
        self.now = now
    }

    /// When a file is to be read once more, because it was read too soon after it changed.
    package var nextReread: Timestamp? { index.nextReread }

    /// Why changes are seen only by who looks; `nil` where the watcher tells of them.
    package var pollingReason: String? {
        if let problem = watcher?.problem { return problem }
        if root == nil { return "\(path) cannot be opened" }
        return isRemote ? "\(path) is on a file system where other machines may write" : nil
    }

    /// Looks at the directory.
    ///
    /// - Returns: all that is known after it, or of a look at entries what changed; `nil` where that is nothing.
    package func look(at extent: Extent) async -> ManifestSnapshot? {
        var snapshot = lookAtFiles(extent)
        if snapshot?.source.commit != nil { snapshot?.source.dirty = await isDirty() }
        return snapshot
    }

    /// Whether anything in the directory is not as it was committed; `nil` where git cannot say.
    private func isDirty() async -> Bool? {
        guard let program else { return nil }
        var isDirty = false
        do throws(GitError) {
            try await program.run(
                ["-C", path.string, "status", "--porcelain", "-z", "--untracked-files=normal", "--", "."],
                within: Self.patience
            ) { if !$0.isEmpty { isDirty = true } }
            return isDirty
        } catch {
            return nil
        }
    }

    /// How long git may take to compare a directory with its commit.
    private static let patience: Duration = .seconds(10)

    private func lookAtFiles(_ extent: Extent) -> ManifestSnapshot? {
        let began = now()
        let tree: any FileTree
        do throws(FileError) {
            guard let opened = try files.openRoot(path) else {
                return withoutRoot(began, "\(path) does not exist")
            }
            tree = opened
        } catch {
            return withoutRoot(began, "\(path) cannot be opened: \(error.cause)")
        }
        guard tree.identity == root else {
            root = tree.identity
            isRemote = tree.isRemote
            watcher?.start(root: path, realPath: tree.realPath)
            return walk(tree, .files, began)
        }
        switch extent {
        case .everything: return walk(tree, .files, began)
        case .names: return walk(tree, .names, began)
        case .entries(let entries): return look(at: entries, in: tree, began)
        }
    }

    private func look(at entries: Set<BytePath>, in tree: any FileTree, _ began: Timestamp) -> ManifestSnapshot? {
        // A hidden entry may be what links lead through.
        let movesLinks = !index.links.isEmpty && entries.contains { $0.splittingLastEntry.name.hasPrefix(".") }
        var scan = scan(tree, .files, began)
        let due = entries.union(index.rereads(dueAt: began)).union(index.dependents(of: entries))
        // Each of them, also where a listing must follow: that reads only what is new.
        var isEnough = !movesLinks
        for entry in due.sorted() where !scan.look(at: entry) { isEnough = false }
        guard isEnough else { return walk(tree, .names, began) }
        if !due.isEmpty { scan.lookAtLinks() }
        guard scan.isComplete else { return walk(tree, .names, began) }
        let changed = index.takeChanged()
        guard !changed.isEmpty else { return nil }
        return snapshot(of: tree, began, isPartial: true, isComplete: true, files: changed, problems: [])
    }

    private func walk(
        _ tree: any FileTree, _ thoroughness: DirectoryScan.Thoroughness, _ began: Timestamp
    ) -> ManifestSnapshot {
        var scan = scan(tree, thoroughness, began)
        scan.walk(.root, at: .root)
        for gone in index.keep(files: scan.files, directories: scan.directories) { watcher?.unwatch(gone) }
        _ = index.takeChanged()
        return snapshot(
            of: tree, began, isPartial: false, isComplete: scan.isComplete, files: index.states,
            problems: scan.problems)
    }

    private func scan(
        _ tree: any FileTree, _ thoroughness: DirectoryScan.Thoroughness, _ began: Timestamp
    ) -> DirectoryScan {
        DirectoryScan(tree, index: index, thoroughness: thoroughness, now: began, watcher: watcher) { [files] link in
            // Where it cannot be told, nothing may be taken for gone.
            do throws(FileError) { return try files.openRoot(tree.realPath.appending(link)) != nil } catch {
                return error.errno != .notDirectory
            }
        }
    }

    private func snapshot(
        of tree: any FileTree, _ began: Timestamp, isPartial: Bool, isComplete: Bool,
        files states: [BytePath: FileState],
        problems: [Diagnostic]
    ) -> ManifestSnapshot {
        var snapshot = ManifestSnapshot(
            began: began, ended: began, isPartial: isPartial, isComplete: isComplete,
            root: RootIdentity(device: tree.identity.device, inode: tree.identity.inode), files: states,
            problems: problems, source: SourceRevision(path: path.string))
        do throws(FileError) {
            if !isPartial { git = try GitCheckout.find(above: tree.realPath, files: files) }
            snapshot.isBusy = try git?.isBusy() ?? false
            snapshot.source.commit = try git?.commit()
        } catch {
            // A repository of somebody else's is no trouble: only its lock could be, and that is then not seen.
            git = nil
        }
        do throws(FileError) {
            if try self.files.openRoot(path)?.identity != tree.identity { snapshot.isComplete = false }
        } catch {
            snapshot.isComplete = false
        }
        snapshot.ended = now()
        return snapshot
    }

    private func withoutRoot(_ began: Timestamp, _ why: String) -> ManifestSnapshot {
        root = nil
        watcher?.start(root: path, realPath: nil)
        return ManifestSnapshot(
            began: began, ended: now(), isComplete: false, root: nil, files: [:],
            problems: [.unreadable(.root, why)], source: SourceRevision(path: path.string))
    }
}
