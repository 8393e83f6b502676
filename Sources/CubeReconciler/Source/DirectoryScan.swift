import CubeCore
import CubeJSON
import CubeSystem
import CubeTypes
import SystemPackage

/// One walk through a tree of manifests: it brings the index up to date and notes what it met.
struct DirectoryScan {
    enum Thoroughness {
        /// Every file is looked at.
        case files
        /// Files that the index knows are taken as they are: their names are enough to tell what is gone.
        case names
    }

    private static let maximumDepth = 64
    /// Links that lead to directories with links multiply what there is to read: 30 directories may have a billion paths.
    private static let maximumBehindLinks = 10_000

    private let tree: any FileTree
    private let index: ManifestIndex
    private let thoroughness: Thoroughness
    private let now: Timestamp
    private let watcher: DirectoryWatcher?
    /// Tells whether what a refused link leads to is a directory.
    private let leadsToDirectory: (BytePath) -> Bool
    private var links: LinkResolver

    private(set) var files: Set<BytePath> = []
    private(set) var directories: Set<BytePath> = []
    /// The directories that lie on another mount than the one that holds them.
    private(set) var mounts: Set<BytePath> = []
    /// The entries on the ways of the links that were followed.
    private(set) var linkWays: Set<BytePath> = []
    /// Files that are not read and that somebody may take for manifests.
    private var ignored: [BytePath] = []
    /// How many directories were read behind links.
    private var behindLinks = 0
    /// What could not be listed.
    private(set) var problems: [Diagnostic] = []
    /// Whether something went while the walk was under way: what it saw was never there as a whole.
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

    /// Whether every directory was listed without an error.
    var isComplete: Bool { problems.isEmpty && !missedSomething }

    /// What is doubtful, or was left aside and may have been meant, after a walk from the root.
    var warnings: [Diagnostic] {
        let ignored = ignored.filter { !index.isAttached($0) }.map { path in
            Diagnostic(
                severity: .warning, reason: .ignored, summary: "\(path) is not read",
                detail: "a manifest is JSON, in a file whose name ends with .json",
                range: SourceRange(filename: path.text))
        }
        guard isComplete, files.allSatisfy(ManifestGroup.isFile) else { return index.warnings + ignored }
        let none = Diagnostic(
            severity: .warning, reason: .noManifests, summary: "there is no manifest in the directory",
            detail:
                "a manifest is a *.json file in it, or in a directory below it whose name does not begin with a dot",
            range: SourceRange(filename: ""))
        return ignored + [none]
    }

    /// Walks through a directory and what is below it.
    ///
    /// - Parameters:
    ///   - path: what the directory is called.
    ///   - realPath: where it is, without any link.
    ///   - above: the real paths of the directories that lead here, against cycles.
    ///   - holder: the mount of the directory that holds it; `nil` for the root, and where nobody can say.
    mutating func walk(
        _ path: BytePath, at realPath: BytePath, below above: [BytePath] = [], on holder: Int64? = nil
    ) {
        guard above.count < Self.maximumDepth else { return fail(path, "is nested too deep") }
        guard !above.contains(realPath) else { return }
        if path != realPath {
            behindLinks += 1
            guard behindLinks <= Self.maximumBehindLinks else {
                if behindLinks == Self.maximumBehindLinks + 1 {
                    fail(
                        path,
                        "is one directory too many behind links: no more than \(Self.maximumBehindLinks.grouped) are read"
                    )
                }
                return
            }
        }
        watcher?.watch(path, at: realPath)
        let listing: DirectoryListing
        do throws(FileError) {
            guard let found = try tree.listing(of: realPath) else {
                missedSomething = true
                return
            }
            listing = found
        } catch {
            return fail(path, "cannot be listed: \(error.cause)")
        }
        directories.insert(path)
        index.add(directory: path)
        if let mount = listing.mount, let holder, mount != holder { mounts.insert(path) }
        ignored += listing.entries.filter { $0.kind != .directory && EntryRule.looksLikeManifest($0.name) }
            .map { path.appending($0.name) }

        let files = listing.entries.filter { $0.kind == .file && EntryRule.admitsFile($0.name) }
        visit(files.map(\.name), in: path, at: realPath)
        for entry in listing.entries where entry.kind != .file {
            enter(
                entry.name, entry.kind, path.appending(entry.name), realPath.appending(entry.name), above + [realPath],
                on: listing.mount)
        }
    }

    /// Looks at one entry of a directory that was listed before, which may have come, gone or changed.
    ///
    /// - Returns: whether the index can take it as it is; otherwise something went, and only a walk from the root tells what
    ///   is left.
    mutating func look(at path: BytePath) -> Bool {
        let (parent, name) = path.splittingLastEntry
        // What lies in no directory of the source is watched for what it leads to.
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
            // Another directory may be in its place, with files of the same names.
            enter(name, stamp.kind, path, realPath, [])
            return isComplete && !wasDirectory
        } catch {
            // Only a walk tells what belongs to a directory that cannot be read.
            return false
        }
    }

    /// Reads the files that are links again, as nothing tells when what they lead to changes.
    mutating func lookAtLinks() {
        for path in index.links.sorted() { follow(path, at: path, below: []) }
    }

    /// Reads one file, whatever it is called.
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
            if EntryRule.admitsDirectory(name) { fail(path, "is a submodule: what is in it is not read") }
        case .twice:
            guard EntryRule.admitsDirectory(name) else { return }
            if EntryRule.admitsFile(name) { refuse(path, isLink: false, Self.isTwice) }
            fail(path, Self.isTwice)
        }
    }

    private mutating func visit(_ names: [BytePath], in directory: BytePath, at realDirectory: BytePath) {
        let isBehindLink = directory != realDirectory
        files.formUnion(names.map { directory.appending($0) })
        let due = names.filter {
            thoroughness == .files || isBehindLink || !index.hasRead(directory.appending($0))
        }
        do throws(FileError) {
            let stamps = due.isEmpty ? [:] : try tree.stamps(of: due, in: realDirectory)
            for name in due {
                let path = directory.appending(name)
                guard !index.isFull || index.knowsFile(path) else { return fail(path, "is one file too many") }
                let realPath = realDirectory.appending(name)
                if let stamp = stamps[name], index.visit(path, at: realPath, stamp: stamp, in: tree, now: now) {
                    continue
                }
                files.remove(path)
                missedSomething = true
            }
        } catch {
            fail(directory, "cannot be read: \(error.cause)")
        }
    }

    private mutating func follow(_ path: BytePath, at realPath: BytePath, below above: [BytePath]) {
        let isFile = EntryRule.admitsFile(path.splittingLastEntry.name)
        do throws(FileError) {
            let outcome = try resolveLink(realPath)
            if case .found(let target, let stamp) = outcome, stamp.kind != .directory {
                // A change of what it says leads nowhere else.
                linkWays.remove(target)
            }
            switch outcome {
            case .found(let target, let stamp) where stamp.kind == .directory: walk(path, at: target, below: above)
            case .found(let target, let stamp) where isFile:
                files.insert(path)
                if !index.visit(path, at: target, stamp: stamp, in: tree, now: now) { missedSomething = true }
            case .missing where isFile: refuse(path, isLink: true, "is a link that leads to nothing")
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

    private static let isTwice = "is in the commit twice: `git fsck` names such trees"

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
