import CubeCore
import CubeJSON
import CubeSystem
import CubeTypes
import Synchronization
import SystemPackage

/// One walk through a tree of manifests. Updates the index and collects problems.
struct DirectoryScan {
    enum Thoroughness {
        /// Check every file.
        case files
        /// Skip files that the index knows. Their names suffice to detect removed files.
        case names
    }

    private static let maximumDepth = 64
    /// Links to directories that contain links multiply the number of paths: 30 directories may have a billion paths.
    private static let maximumBehindLinks = 10_000

    private let tree: any FileTree
    private let index: ManifestIndex
    private let thoroughness: Thoroughness
    private let now: Timestamp
    private let watcher: DirectoryWatcher?
    /// Whether the target of a refused link is a directory.
    private let leadsToDirectory: (BytePath) -> Bool
    private var links: LinkResolver

    private(set) var files = FoundFiles()
    private(set) var directories: Set<BytePath> = []
    /// The directories on another mount than their parent directory.
    private(set) var mounts: Set<BytePath> = []
    /// All entries on the paths of the links that were followed.
    private(set) var linkWays: Set<BytePath> = []
    /// Skipped files that look like manifests.
    private var ignored: [BytePath] = []
    /// The number of directories that were read through links.
    private var behindLinks = 0
    /// The directories that could not be listed.
    private(set) var problems: [Diagnostic] = []
    /// Whether an entry disappeared during the walk, so that the result matches no single state of the tree.
    private(set) var missedSomething = false

    init(
        _ tree: any FileTree, index: ManifestIndex, thoroughness: Thoroughness, now: Timestamp,
        watcher: DirectoryWatcher?, leadsToDirectory: @escaping (BytePath) -> Bool
    ) {
        self.tree = tree
        self.index = index
        self.thoroughness = thoroughness
        self.now = now
        self.watcher = watcher
        self.leadsToDirectory = leadsToDirectory
        links = LinkResolver(tree)
    }

    /// Whether every directory was listed without errors.
    var isComplete: Bool { problems.isEmpty && !missedSomething }

    /// Warnings about files, and about skipped files that look like manifests. Valid after a walk from the root.
    var warnings: [Diagnostic] {
        let ignored = ignored.filter { !index.isAttached($0) }.map { path in
            Diagnostic(
                severity: .warning, reason: .ignored, summary: "\(path) is ignored",
                detail: "manifests are JSON files whose names end with .json",
                range: SourceRange(filename: path.text))
        }
        guard isComplete, files.areAllGroups else { return index.warnings + ignored }
        let none = Diagnostic(
            severity: .warning, reason: .noManifests, summary: "the directory contains no manifests",
            detail:
                "manifests are *.json files in it, or in directories below it whose names do not begin with a dot",
            range: SourceRange(filename: ""))
        return ignored + [none]
    }

    /// Walks through a directory and its descendants.
    ///
    /// - Parameters:
    ///   - path: The path of the directory as the source names it.
    ///   - realPath: The path with all links resolved.
    ///   - above: The real paths of the directories on the way here, to detect cycles.
    ///   - holder: The mount of the parent directory; `nil` for the root, or if it is unknown.
    mutating func walk(
        _ path: BytePath, at realPath: BytePath, below above: [BytePath] = [], on holder: Int64? = nil
    ) {
        guard above.count < Self.maximumDepth else { return fail(path, "is nested too deeply") }
        guard !above.contains(realPath) else { return }
        if path != realPath {
            behindLinks += 1
            guard behindLinks <= Self.maximumBehindLinks else {
                if behindLinks == Self.maximumBehindLinks + 1 {
                    fail(
                        path,
                        "is skipped: at most \(Self.maximumBehindLinks.grouped) directories behind links are read")
                }
                return
            }
        }
        watcher?.watch(path, at: realPath)
        let settled = thoroughness == .files && path == realPath ? index.settled(path) : nil
        let contents: DirectoryContents
        do throws(FileError) {
            guard let listing = try tree.listing(of: realPath, known: settled?.contents.listing) else {
                missedSomething = true
                return
            }
            contents = DirectoryContents(listing, known: settled?.contents)
        } catch {
            return fail(path, "cannot be listed: \(error.cause)")
        }
        directories.insert(path)
        index.add(directory: path)
        let mount = contents.listing.mount
        if let mount, let holder, mount != holder { mounts.insert(path) }
        ignored += contents.ignored.map { path.appending($0) }

        if let settled, settled.contents.listing == contents.listing, isSettled(settled) {
            files.insert(settled)
        } else if visit(contents.manifests, in: path, at: realPath) {
            index.settle(path, contents)
        }
        for entry in contents.others {
            enter(
                entry.name, entry.kind, path.appending(entry.name), realPath.appending(entry.name), above + [realPath],
                on: mount)
        }
    }

    /// Checks one entry of a directory that was listed before. The entry may have appeared, disappeared or changed.
    ///
    /// - Returns: Whether the index could be updated from this entry alone. If not, something disappeared, and a walk
    ///   from the root is required.
    mutating func look(at path: BytePath) -> Bool {
        let (parent, name) = path.splittingLastEntry
        // An entry outside the source's directories is watched only because a link leads there.
        guard index.directories.contains(parent) || index.knows(path) else { return true }
        do throws(FileError) {
            guard case .found(let realParent, _) = try links.resolve(parent) else { return !index.knows(path) }
            let realPath = realParent.appending(name)
            guard let stamp = try tree.stamp(of: realPath) else { return !index.knows(path) }
            let wasDirectory = index.directories.contains(path)
            if stamp.kind == .file {
                guard EntryRule.admitsFile(name) else { return !wasDirectory }
                let isThere = index.visit(path, at: realPath, stamp: stamp, in: tree, now: now)
                return !wasDirectory && (isThere || !index.knowsFile(path))
            }
            if stamp.kind == .directory && index.knowsFile(path) { return false }
            // Another directory with files of the same names may have taken its place.
            enter(name, stamp.kind, path, realPath, try realDirectories(above: path))
            return isComplete && !wasDirectory
        } catch {
            // Only a walk can determine the entries of an unreadable directory.
            return false
        }
    }

    /// Rereads the files that are links, as no event reports changes of their targets.
    mutating func lookAtLinks() {
        for path in index.links.sorted() { follow(path, at: path, below: nil) }
    }

    /// Returns the real paths of the directories on the way to an entry, from the root down. A link that leads to one of them would
    /// lead in a cycle.
    private mutating func realDirectories(above path: BytePath) throws(FileError) -> [BytePath] {
        var found: [BytePath] = []
        for directory in path.directories {
            if case .found(let real, _) = try links.resolve(directory) { found.append(real) }
        }
        return found
    }

    /// Reads one file, whatever its name.
    mutating func read(_ path: BytePath) {
        do throws(FileError) {
            switch try links.resolve(path) {
            case .found(let target, let stamp):
                guard !index.visit(path, at: target, stamp: stamp, in: tree, now: now) else { return }
                refuse(path, isLink: false, "does not exist")
            case .missing: refuse(path, isLink: false, "does not exist")
            case .refused(let why): refuse(path, isLink: true, "is refused: \(why)")
            }
        } catch {
            refuse(path, isLink: false, "cannot be read: \(error.cause)")
        }
    }

    private mutating func enter(
        _ name: BytePath, _ kind: FileKind, _ path: BytePath, _ realPath: BytePath, _ above: [BytePath],
        on mount: Int64? = nil
    ) {
        switch kind {
        case .directory: if EntryRule.admitsDirectory(name) { walk(path, at: realPath, below: above, on: mount) }
        case .link: if EntryRule.admitsDirectory(name) { follow(path, at: realPath, below: above) }
        case .file, .other: if EntryRule.admitsFile(name) { refuse(path, isLink: false, "is not a regular file") }
        case .submodule:
            if EntryRule.admitsDirectory(name) { fail(path, "is a submodule, which is not read") }
        case .twice:
            guard EntryRule.admitsDirectory(name) else { return }
            if EntryRule.admitsFile(name) { refuse(path, isLink: false, Self.isTwice) }
            fail(path, Self.isTwice)
        }
    }

    /// A file of a directory.
    private struct Entry {
        let name: BytePath
        let path: BytePath
        let realPath: BytePath
    }

    /// Looks at the manifests of a directory.
    ///
    /// - Returns: Whether a later look can compare their stamps alone, because each of them is as the index knew it.
    private mutating func visit(
        _ names: [BytePath], in directory: BytePath, at realDirectory: BytePath
    ) -> Bool {
        let isBehindLink = directory != realDirectory
        let entries = names.map { name in
            let path = directory.appending(name)
            return Entry(name: name, path: path, realPath: isBehindLink ? realDirectory.appending(name) : path)
        }
        for entry in entries { files.insert(entry.path) }
        let isEachDue = thoroughness == .files || isBehindLink
        let due = isEachDue ? entries : entries.filter { !index.hasRead($0.path) }
        var isUnchanged = thoroughness == .files && !isBehindLink
        do throws(FileError) {
            for block in stride(from: 0, to: due.count, by: Self.block) {
                let entries = due[block..<min(block + Self.block, due.count)]
                for (entry, finding) in zip(entries, try find(entries, at: realDirectory)) {
                    guard !index.isFull || index.knowsFile(entry.path) else {
                        fail(
                            entry.path, "is skipped: at most \(ManifestIndex.maximumFiles.grouped) files are read")
                        return false
                    }
                    if case .unchanged = finding {} else { isUnchanged = false }
                    if index.take(finding, of: entry.path, now: now) { continue }
                    files.remove(entry.path)
                    missedSomething = true
                }
            }
            return isUnchanged
        } catch {
            fail(directory, "cannot be read: \(error.cause)")
            return false
        }
    }

    /// Whether all manifests of a directory have the stamps that they had before.
    private func isSettled(_ directory: SettledDirectory) -> Bool {
        let isChanged = Atomic(false)
        let look = { @Sendable [tree] (range: Range<Int>) -> Void in
            guard !isChanged.load(ordering: .relaxed) else { return }
            do throws(FileError) {
                let stamps = try tree.stamps(of: Array(directory.contents.manifests[range]), in: directory.path)
                if zip(directory.stamps[range], stamps).allSatisfy({ $0 == $1 }) { return }
            } catch {
                // A look at each file finds out which one cannot be determined, and reports it.
            }
            isChanged.store(true, ordering: .relaxed)
        }
        let all = directory.stamps.indices
        if tree.isParallel { _ = all.concurrentMap(inSharesOf: Self.share, look) } else { look(all) }
        return !isChanged.load(ordering: .relaxed)
    }

    /// The number of files that are read before the index is changed. It bounds the memory for what was read.
    private static let block = 4096
    /// The number of files that a thread looks at before it takes others.
    private static let share = 64

    /// Looks at files of a directory, and reads those that changed, on all cores if that is faster.
    private func find(
        _ entries: ArraySlice<Entry>, at realDirectory: BytePath
    ) throws(FileError) -> [ManifestIndex.Finding] {
        // Nothing changes the index meanwhile.
        nonisolated(unsafe) let index = index
        let find = { @Sendable [tree, now] (entries: ArraySlice<Entry>) -> Result<[ManifestIndex.Finding], FileError> in
            Result { () throws(FileError) in
                let stamps = try tree.stamps(of: entries.map(\.name), in: realDirectory)
                return zip(entries, stamps).map { entry, stamp in
                    guard let stamp else { return .missing }
                    return index.find(entry.path, at: entry.realPath, stamp: stamp, in: tree, now: now)
                }
            }
        }
        guard tree.isParallel else { return try find(entries).get() }
        var findings: [ManifestIndex.Finding] = []
        for share in entries.concurrentMap(inSharesOf: Self.share, find) { findings += try share.get() }
        return findings
    }

    /// - Parameter above: The real paths of the directories on the way here; `nil` if they are not known.
    private mutating func follow(_ path: BytePath, at realPath: BytePath, below above: [BytePath]?) {
        let isFile = EntryRule.admitsFile(path.splittingLastEntry.name)
        do throws(FileError) {
            let outcome = try resolveLink(realPath)
            if case .found(let target, let stamp) = outcome, stamp.kind != .directory {
                // Only the target's content can change, not the way to it.
                linkWays.remove(target)
            }
            switch outcome {
            case .found(let target, let stamp) where stamp.kind == .directory:
                let above = if let above { above } else { try realDirectories(above: path) }
                walk(path, at: target, below: above)
            case .found(let target, let stamp) where isFile:
                files.insert(path)
                if !index.visit(path, at: target, stamp: stamp, in: tree, now: now) { missedSomething = true }
            case .missing where isFile: refuse(path, isLink: true, "is a broken link")
            case .refused(let why) where isFile: refuse(path, isLink: true, "is refused: \(why)")
            case .refused(let why): if leadsToDirectory(realPath) { fail(path, "is refused: \(why)") }
            case .found, .missing: break
            }
        } catch {
            if isFile {
                refuse(path, isLink: true, "cannot be read: \(error.cause)")
            } else {
                fail(path, "cannot be read: \(error.cause)")
            }
        }
    }

    private static let isTwice = "occurs twice in the commit; `git fsck` finds such trees"

    private mutating func resolveLink(_ path: BytePath) throws(FileError) -> LinkResolver.Outcome {
        defer { linkWays.formUnion(links.ways) }
        return try links.resolve(path)
    }

    private mutating func refuse(_ path: BytePath, isLink: Bool, _ why: String) {
        files.insert(path)
        index.refuse(path, isLink: isLink, why)
    }

    private mutating func fail(_ path: BytePath, _ why: String) { problems.append(.unreadable(path, why)) }
}
