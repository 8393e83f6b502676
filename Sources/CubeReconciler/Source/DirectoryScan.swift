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

    /// Walks through a directory and what is below it.
    ///
    /// - Parameters:
    ///   - path: what the directory is called.
    ///   - realPath: where it is, without any link.
    ///   - above: the real paths of the directories that lead here, against circles.
    mutating func walk(_ path: BytePath, at realPath: BytePath, below above: [BytePath] = []) {
        guard above.count < Self.maximumDepth else { return fail(path, "is nested too deep") }
        guard !above.contains(realPath) else { return }
        watcher?.watch(path, at: realPath)
        let entries: [DirectoryEntry]
        do throws(FileError) {
            guard let listed = try tree.entries(of: realPath) else {
                missedSomething = true
                return
            }
            entries = listed
        } catch {
            return fail(path, "cannot be listed: \(error.cause)")
        }
        directories.insert(path)
        index.add(directory: path)

        let files = entries.filter { $0.kind == .file && EntryRule.admitsFile($0.name) }
        visit(files.map(\.name), in: path, at: realPath)
        for entry in entries where entry.kind != .file {
            enter(
                entry.name, entry.kind, path.appending(entry.name), realPath.appending(entry.name), above + [realPath])
        }
    }

    /// Looks at one entry of a directory that was listed before, which may have come, gone or changed.
    ///
    /// - Returns: whether the index can take it as it is; otherwise something went, and only a walk from the root tells what
    ///   is left.
    mutating func look(at path: BytePath) -> Bool {
        let (parent, name) = path.splittingLastEntry
        do throws(FileError) {
            guard case .found(let realParent, _) = try links.resolve(parent) else { return !index.knows(path) }
            let realPath = realParent.appending(name)
            guard let stamp = try tree.stamp(of: realPath) else { return !index.knows(path) }
            let wasDirectory = index.directories.contains(path)
            if stamp.kind == .file && !wasDirectory {
                guard EntryRule.admitsFile(name) else { return true }
                return index.visit(path, at: realPath, stamp: stamp, in: tree, now: now) || !index.knowsFile(path)
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

    private mutating func enter(
        _ name: BytePath, _ kind: FileKind, _ path: BytePath, _ realPath: BytePath, _ above: [BytePath]
    ) {
        switch kind {
        case .directory: if EntryRule.admitsDirectory(name) { walk(path, at: realPath, below: above) }
        case .link: if EntryRule.admitsDirectory(name) { follow(path, at: realPath, below: above) }
        case .file, .other: if EntryRule.admitsFile(name) { refuse(path, isLink: false, "is not a file") }
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
            thoroughness == .files || isBehindLink || !index.knowsFile(directory.appending($0))
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
            switch try links.resolve(realPath) {
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

    private mutating func refuse(_ path: BytePath, isLink: Bool, _ why: String) {
        files.insert(path)
        index.refuse(path, isLink: isLink, why)
    }

    private mutating func fail(_ path: BytePath, _ why: String) { problems.append(.unreadable(path, why)) }
}
