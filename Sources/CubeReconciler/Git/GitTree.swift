import CubeCore
import CubeSystem
import Synchronization
import SystemPackage

/// The tree of a commit as an immutable directory. File contents are read from the object database.
final class GitTree: FileTree {
    fileprivate struct Leaf: Sendable {
        var kind: FileKind
        var id: String
    }

    let identity: RootIdentity
    let isRemote = false
    /// One process of git returns the objects one after the other.
    let isParallel = false
    /// A commit contains nothing outside itself.
    let links = LinkPolicy.inside
    /// Git's name of the tree. No link can refer to it.
    let realPath: FilePath
    private let leaves: [BytePath: Leaf]
    private let directories: [BytePath: [DirectoryEntry]]
    private let objects: ObjectReader
    private let failure = Mutex<GitError?>(nil)
    /// The objects that the clone lacks, and those of them that were requested.
    private let lacking: Set<String>
    private let requested = Mutex<Set<String>>([])

    /// - Parameters:
    ///   - identity: The identity of the source; the same for all its commits.
    ///   - listing: The entries of the tree.
    ///   - lacking: The ids of objects that the clone lacks and that can be fetched.
    init(
        _ listing: Listing, identity: RootIdentity, at path: String, objects: ObjectReader, lacking: Set<String> = []
    ) {
        self.lacking = lacking
        self.identity = identity
        self.objects = objects
        realPath = FilePath(path)
        leaves = listing.unambiguousLeaves
        directories = listing.unambiguousDirectories.mapValues { $0.sorted { $0.name < $1.name } }
    }

    /// The error that made an object unreadable. The object database is damaged then, and everything that was read is
    /// invalid.
    var damage: GitError? { failure.withLock { $0 } }

    /// The requested objects that must be fetched first. Results that were read without them are invalid.
    var wanted: Set<String> { requested.withLock(\.self) }

    func listing(of directory: BytePath, known: DirectoryListing?) -> DirectoryListing? {
        directories[directory].map { DirectoryListing(entries: $0) }
    }

    func stamp(of path: BytePath) -> FileStamp? {
        if directories[path] != nil { return FileStamp(kind: .directory, content: .object(id: "")) }
        return leaves[path].map { FileStamp(kind: $0.kind, content: .object(id: $0.id)) }
    }

    func stamps(of names: [BytePath], in directory: BytePath) -> [FileStamp?] {
        names.map { stamp(of: directory.appending($0)) }
    }

    func target(ofLink path: BytePath) throws(FileError) -> BytePath? {
        try contents(of: path, limit: Self.longestLink).map { BytePath($0.bytes) }
    }

    func read(_ path: BytePath, limit: Int) throws(FileError) -> FileReading? {
        guard let stamp = stamp(of: path) else { return nil }
        if stamp.kind == .twice { return FileReading(before: stamp, bytes: [], size: 0, after: stamp) }
        guard let (bytes, size) = try contents(of: path, limit: limit) else { return nil }
        return FileReading(before: stamp, bytes: bytes, size: size, after: stamp)
    }

    private static let longestLink = 4096

    private func contents(of path: BytePath, limit: Int) throws(FileError) -> (bytes: [UInt8], size: Int)? {
        guard let leaf = leaves[path] else { return nil }
        guard !lacking.contains(leaf.id) else {
            requested.withLock { _ = $0.insert(leaf.id) }
            throw FileError(path: path.text, cause: .resourceTemporarilyUnavailable)
        }
        do throws(GitError) {
            guard case .object(_, _, let bytes, let size) = try objects.read(Array(leaf.id.utf8), limit: limit) else {
                throw GitError(ObjectReader.verb, .malformed("object \(leaf.id) is missing"))
            }
            return (bytes, size)
        } catch {
            failure.withLock { $0 = $0 ?? error }
            throw FileError(path: path.text, cause: .ioError)
        }
    }
}

extension GitTree {
    /// The output of `git ls-tree -r -t -z`, parsed incrementally. Each directory precedes its entries.
    struct Listing {
        private var leaves: [BytePath: Leaf] = [:]
        private var directories: [BytePath: [DirectoryEntry]] = [.root: []]
        /// The paths with duplicate entries. They are ambiguous: different readers might choose different entries.
        private(set) var twice: Set<BytePath> = []
        private var rest: [UInt8] = []
        /// Whether a line was malformed.
        private(set) var isMalformed = false

        mutating func take(_ bytes: UnsafeRawBufferPointer) {
            rest += bytes
            var start = rest.startIndex
            while let end = rest[start...].firstIndex(of: 0) {
                add(rest[start..<end])
                start = end + 1
            }
            rest.removeSubrange(..<start)
        }

        /// `MODE TYPE ID<tab>PATH`.
        private mutating func add(_ line: ArraySlice<UInt8>) {
            guard let tab = line.firstIndex(of: UInt8(ascii: "\t")) else { return isMalformed = true }
            let words = line[..<tab].split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
            guard words.count == 3 else { return isMalformed = true }
            let path = BytePath(line[(tab + 1)...])
            guard leaves[path] == nil, directories[path] == nil else {
                twice.insert(path)
                return
            }
            let (directory, name) = path.splittingLastEntry
            // A malformed name that contains a slash looks like a path in an unknown directory.
            guard directories[directory] != nil else { return isMalformed = true }
            let kind = words[1] == "tree" ? .directory : Self.kind(mode: words[0])
            directories[directory]?.append(DirectoryEntry(name: name, kind: kind))
            if kind == .directory { directories[path] = [] } else { leaves[path] = Leaf(kind: kind, id: words[2]) }
        }

        /// Whether neither the path nor any directory above it is a duplicate.
        private func isUnambiguous(_ path: BytePath) -> Bool {
            twice.isEmpty || !twice.contains(path) && twice.isDisjoint(with: path.directories)
        }

        fileprivate var unambiguousLeaves: [BytePath: Leaf] {
            guard !twice.isEmpty else { return leaves }
            var kept = leaves.filter { isUnambiguous($0.key) }
            for path in twice { kept[path] = Leaf(kind: .twice, id: "") }
            return kept
        }

        fileprivate var unambiguousDirectories: [BytePath: [DirectoryEntry]] {
            guard !twice.isEmpty else { return directories }
            var kept: [BytePath: [DirectoryEntry]] = [:]
            for (directory, entries) in directories where isUnambiguous(directory) {
                kept[directory] = entries.map { entry in
                    let isTwice = twice.contains(directory.appending(entry.name))
                    return DirectoryEntry(name: entry.name, kind: isTwice ? .twice : entry.kind)
                }
            }
            return kept
        }

        private static func kind(mode: String) -> FileKind {
            switch mode {
            case "120000": .link
            case "160000": .submodule
            default: .file
            }
        }
    }
}
