package import CubeCore
import CubeJSON
import CubeSystem
package import CubeTypes
import Glibc
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
    private var root: RootIdentity?
    /// The directories that are watched though nothing of the source is in them.
    private var watchedBeside: Set<BytePath> = []
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
        // Before the root is looked for, so that nothing is missed.
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
        }
    }

    private func look(at entries: Set<BytePath>, in tree: any FileTree, _ began: Timestamp) -> ManifestSnapshot? {
        // Others may be behind a link now.
        let movesLinks = !index.linkWays.isDisjoint(with: entries)
        var scan = scan(tree, .files, began)
        let due = entries.union(index.rereads(dueAt: began)).union(index.dependents(of: entries))
        // Each of them, also where a listing must follow: that reads only what is new.
        var isEnough = !movesLinks
        for entry in due.sorted() where !scan.look(at: entry) { isEnough = false }
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
        for gone in index.keep(files: scan.files, directories: scan.directories) { watcher?.unwatch(gone) }
        index.note(linkWays: scan.linkWays, isAll: true)
        watchBeside(changed: nil)
        _ = index.takeChanged()
        var snapshot = snapshot(
            of: tree, began, isPartial: false, isComplete: scan.isComplete, files: index.states,
            problems: scan.problems)
        snapshot.warnings = scan.warnings
        snapshot.mounts = scan.mounts
        return snapshot
    }

    /// Watches every entry on the way to the root: where one of them is swapped, as the link `current` of a deployment is,
    /// another directory is the root.
    private func watchWayToRoot() {
        guard let watcher else { return }
        let place = path.isAbsolute ? path : FilePath(".").absolute.pushing(path)
        // Where the machine's own root cannot be opened, the root's directory alone is watched.
        guard let machine = try? files.openRoot("/") else { return watcher.watch(waysToRoot: [BytePath(place)]) }
        var links = LinkResolver(machine)
        // What is missing, or closed to us, is watched as far as it is there.
        _ = try? links.resolve(.joined(BytePath(place).components))
        watcher.watch(waysToRoot: Set(links.ways.map { ("/" as BytePath).appending($0) }))
    }

    /// Watches what manifests name and where their links lead, wherever that lies.
    ///
    /// - Parameter changed: entries in whose place others may be; `nil`: any.
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

    /// Looks at one file of the directory, whatever it is called, and at nothing else.
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

    /// What a file of the directory holds, for who shows a part of it; `nil` where it cannot be read.
    package func content(of file: BytePath) -> [UInt8]? {
        do throws(FileError) {
            guard let tree = try files.openRoot(path) else { return nil }
            var links = LinkResolver(tree)
            guard case .found(let target, _) = try links.resolve(file) else { return nil }
            return try tree.read(target, limit: ManifestIndex.readLimit)?.bytes
        } catch {
            return nil  // Whoever read the file before has told what is wrong with it.
        }
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
            root: tree.identity, files: states, problems: problems,
            source: SourceRevision(path: path.string))
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
        watcher?.start(root: path)
        return ManifestSnapshot(
            began: began, ended: now(), isComplete: false, root: nil, files: [:],
            problems: [.unreadable(.root, why)], source: SourceRevision(path: path.string))
    }
}

extension FilePath {
    /// From the directory that this process is in.
    fileprivate var absolute: FilePath {
        guard let current = getcwd(nil, 0) else { return self }
        defer { free(current) }
        return FilePath(platformString: current).pushing(self)
    }
}
