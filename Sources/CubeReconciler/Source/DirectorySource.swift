package import CubeCore
import CubeJSON
import CubeSystem
package import CubeTypes
import Glibc
package import SystemPackage

/// A directory of manifests: all `*.json` files below it, at any depth.
package actor DirectorySource {
    /// The extent of a look at the directory.
    package enum Extent: Hashable, Sendable {
        /// All directories and all files.
        case everything
        /// All directories, but only new files. Suffices to detect removed files.
        case names
        /// The entries that the watcher reported, and files that are due for another read.
        case entries(Set<BytePath>)
        /// No files; only the commit, and whether anything differs from it.
        case revision

        /// Whether every directory is listed.
        var isListing: Bool {
            switch self {
            case .everything, .names: true
            case .entries, .revision: false
            }
        }
    }

    private let path: FilePath
    private let files: any FileSystem
    private let watcher: DirectoryWatcher?
    private let program: GitProgram?
    private let now: @Sendable () -> Timestamp
    private let executor: any SerialExecutor

    private let index = ManifestIndex()
    private var root: RootIdentity?
    /// The directories outside the source that are watched.
    private var watchedBeside: Set<BytePath> = []
    private var git: GitCheckout?
    /// The revision that the last look returned.
    private var revision: SourceRevision?
    private var isRemote = false
    /// Whether every directory could be listed at the last walk.
    private var isListed = true

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Parameters:
    ///   - path: The directory. A link is resolved again at each look.
    ///   - watcher: Watches the directories of the source; `nil` for a single look.
    ///   - git: Determines whether files differ from the checked-out commit; `nil` skips this check.
    ///   - executor: The executor of the actor, whose jobs block on disk I/O.
    ///   - now: A clock that does not jump.
    package init(
        _ path: FilePath, files: any FileSystem, watcher: DirectoryWatcher? = nil,
        git: GitProgram? = nil, executor: any SerialExecutor = BlockingExecutor("cube.directory-source"),
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.executor = executor
        self.path = path
        self.files = files
        self.watcher = watcher
        program = git
        self.now = now
    }

    /// The time at which a file must be read again because it was read too soon after a change.
    package var nextReread: Timestamp? { index.nextReread }

    /// The reason why changes are found only by polling; `nil` if the watcher reports them.
    package var pollingReason: String? {
        if let problem = watcher?.problem { return problem }
        if root == nil { return "\(path) cannot be opened" }
        return isRemote ? "\(path) is on a network file system, where inotify misses changes by other machines" : nil
    }

    /// Whether git is at work in the directory. `false` if that cannot be determined; the next snapshot then says so.
    var isBusy: Bool { (try? git?.isBusy()) ?? false }

    /// Looks at the directory.
    ///
    /// A look at entries does not wait for git to compare the directory with its commit. A look at the revision should follow.
    ///
    /// - Returns: The complete state; after a look at entries or the revision, only the changes, or `nil` if there are none.
    package func look(at extent: Extent) async -> ManifestSnapshot? {
        guard var snapshot = lookAtFiles(extent) else { return nil }
        if snapshot.source.commit != nil {
            if case .entries = extent {
                snapshot.source.dirty = revision?.dirty
            } else {
                snapshot.source.dirty = await isDirty()
            }
        }
        if extent == .revision, snapshot.isPartial, snapshot.source == revision { return nil }
        revision = snapshot.source
        return snapshot
    }

    /// Whether anything in the directory differs from the commit; `nil` if git cannot determine it.
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

    /// The time limit for comparing the directory with its commit.
    private static let patience: Duration = .seconds(10)

    private func lookAtFiles(_ extent: Extent) -> ManifestSnapshot? {
        let began = now()
        // Watch the path before opening the root, so that no change in between is missed.
        let isWayWatched = root == nil || extent == .everything
        if isWayWatched { watchWayToRoot() }
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
            watcher?.start(root: tree.realPath)
            if !isWayWatched { watchWayToRoot() }
            watchedBeside = []
            return walk(tree, .files, began)
        }
        switch extent {
        case .everything: return walk(tree, .files, began)
        case .names: return walk(tree, .names, began)
        case .entries(let entries): return look(at: entries, in: tree, began)
        case .revision:
            findCheckout(of: tree)
            return snapshot(of: tree, began, isPartial: true, isComplete: true, files: [:], problems: [])
        }
    }

    private func look(at entries: Set<BytePath>, in tree: any FileTree, _ began: Timestamp) -> ManifestSnapshot? {
        // A link may lead to other files now.
        let movesLinks = !index.linkWays.isDisjoint(with: entries)
        var scan = scan(tree, .files, began)
        let due = entries.union(index.rereads(dueAt: began)).union(index.dependents(of: entries))
        // Check all entries even if a listing must follow, because the listing reads only new files.
        var isEnough = !movesLinks
        for entry in due.sorted() where !scan.look(at: entry) { isEnough = false }
        // A directory that could not be listed may be the one that can be listed now.
        if !isListed, !scan.directories.isEmpty { isEnough = false }
        guard isEnough else { return walk(tree, .names, began) }
        if !due.isEmpty { scan.lookAtLinks() }
        guard scan.isComplete else { return walk(tree, .names, began) }
        index.note(linkWays: scan.linkWays, isAll: false)
        if !due.isEmpty { watchBeside(changed: entries) }
        let changed = index.takeChanged()
        guard !changed.isEmpty else { return nil }
        return snapshot(of: tree, began, isPartial: true, isComplete: true, files: changed, problems: [])
    }

    private func walk(
        _ tree: any FileTree, _ thoroughness: DirectoryScan.Thoroughness, _ began: Timestamp
    ) -> ManifestSnapshot {
        var scan = scan(tree, thoroughness, began)
        scan.walk(.root, at: .root)
        isListed = scan.isComplete
        for gone in index.keep(files: scan.files, directories: scan.directories) { watcher?.unwatch(gone) }
        index.note(linkWays: scan.linkWays, isAll: true)
        watchBeside(changed: nil)
        index.forgetChanges()
        findCheckout(of: tree)
        var snapshot = snapshot(
            of: tree, began, isPartial: false, isComplete: scan.isComplete, files: index.states,
            problems: scan.problems)
        snapshot.warnings = scan.warnings
        snapshot.mounts = scan.mounts
        return snapshot
    }

    /// Watches every entry on the path to the root. If one of them is replaced, such as the link `current` of a
    /// deployment, another directory becomes the root.
    private func watchWayToRoot() {
        guard let watcher else { return }
        let place = path.isAbsolute ? path : FilePath(".").absolute.pushing(path)
        // If the machine's root directory cannot be opened, only the root's entry in its parent directory is watched.
        guard let machine = try? files.openRoot("/") else { return watcher.watch(waysToRoot: [BytePath(place)]) }
        var links = LinkResolver(machine)
        // If a part of the path is missing or inaccessible, the existing part is watched.
        _ = try? links.resolve(.joined(BytePath(place).components))
        watcher.watch(waysToRoot: Set(links.ways.map { ("/" as BytePath).appending($0) }))
    }

    /// Watches attachments and link targets outside the source's directories.
    ///
    /// - Parameter changed: The entries that may have been replaced; `nil` for all.
    private func watchBeside(changed: Set<BytePath>?) {
        guard let watcher else { return }
        let due = index.directoriesBeside
        for gone in watchedBeside.subtracting(due) where !index.directories.contains(gone) { watcher.unwatch(gone) }
        for directory in due {
            let mayBeAnother = changed.map { !$0.isDisjoint(with: directory.directories + [directory]) } ?? true
            if mayBeAnother || !watchedBeside.contains(directory) { watcher.watch(directory, at: directory) }
        }
        watchedBeside = due
    }

    /// Looks at a single file of the directory, whatever its name.
    package func look(atFile file: BytePath) -> ManifestSnapshot {
        let began = now()
        do throws(FileError) {
            guard let tree = try files.openRoot(path) else { return withoutRoot(began, "\(path) does not exist") }
            var scan = scan(tree, .files, began)
            scan.read(file)
            var snapshot = snapshot(
                of: tree, began, isPartial: true, isComplete: true, files: index.takeChanged(), problems: [])
            snapshot.warnings = index.warnings
            return snapshot
        } catch {
            return withoutRoot(began, "\(path) cannot be opened: \(error.cause)")
        }
    }

    /// Returns the content of a file for display; `nil` if it is unreadable.
    package func content(of file: BytePath) -> [UInt8]? {
        do throws(FileError) {
            guard let tree = try files.openRoot(path) else { return nil }
            var links = LinkResolver(tree)
            guard case .found(let target, _) = try links.resolve(file) else { return nil }
            return try tree.read(target, limit: ManifestIndex.readLimit)?.bytes
        } catch {
            return nil  // The look that read the file has reported the error.
        }
    }

    private func scan(
        _ tree: any FileTree, _ thoroughness: DirectoryScan.Thoroughness, _ began: Timestamp
    ) -> DirectoryScan {
        DirectoryScan(tree, index: index, thoroughness: thoroughness, now: began, watcher: watcher) { [files] link in
            // If the kind of the target is unknown, assume a directory, so that nothing counts as absent.
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
            root: tree.identity, files: states, problems: problems,
            source: SourceRevision(path: path.string))
        do throws(FileError) {
            snapshot.isBusy = try git?.isBusy() ?? false
            snapshot.source.commit = try git?.commit()
        } catch {
            git = nil  // The next look that searches for it tries again.
        }
        do throws(FileError) {
            if try self.files.openRoot(path)?.identity != tree.identity { snapshot.isComplete = false }
        } catch {
            snapshot.isComplete = false
        }
        snapshot.ended = now()
        return snapshot
    }

    /// Finds the checkout that contains the source, and watches its git directory, which may have replaced another one.
    private func findCheckout(of tree: any FileTree) {
        do throws(FileError) { git = try GitCheckout.find(above: tree.realPath, files: files) } catch {
            // A repository that is not accessible is no problem: only its lock is then not detected.
            git = nil
        }
        watcher?.watch(checkout: git?.directory)
    }

    private func withoutRoot(_ began: Timestamp, _ why: String) -> ManifestSnapshot {
        root = nil
        watcher?.start(root: path)
        return ManifestSnapshot(
            began: began, ended: now(), isComplete: false, root: nil, files: [:],
            problems: [.unreadable(.root, why)], source: SourceRevision(path: path.string))
    }
}

extension FilePath {
    /// Resolves the path against the current directory of this process.
    fileprivate var absolute: FilePath {
        guard let current = getcwd(nil, 0) else { return self }
        defer { free(current) }
        return FilePath(platformString: current).pushing(self)
    }
}
