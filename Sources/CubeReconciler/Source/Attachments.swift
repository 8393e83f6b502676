import CubeCore
import CubeSystem
import CubeTypes
import SystemPackage

/// The files that a manifest refers to, and their state when they were read. A change of such a file counts as a change
/// of the manifest.
struct Attachments: Hashable {
    /// The entry at the path of an attached file.
    private enum Found: Hashable {
        case file(FileStamp)
        case other(FileKind)
        case missing
        case refused(String)
        case failed(FileError.Cause)
        /// The file changed while it was read and must be read again.
        case changing
    }

    private let directory: BytePath
    /// The state of each file, by path below the root.
    private var found: [BytePath: Found] = [:]
    private var digests: [BytePath: Digest] = [:]
    /// All entries on the paths to the files, including links. If one of them changes, the path may lead to another
    /// file.
    private(set) var ways: Set<BytePath> = []

    /// - Parameter manifest: The path of the manifest below the root.
    init(of manifest: BytePath = .root) { directory = manifest.splittingLastEntry.directory }

    var paths: [BytePath] { Array(found.keys) }
    var isEmpty: Bool { found.isEmpty }

    /// Reads a file by its path relative to the manifest's directory. Follows links, but leaves the root only if the
    /// tree allows it.
    mutating func read(_ name: String, in tree: any FileTree) -> AttachedContent {
        let path = directory.appending(BytePath(naming: name))
        var links = LinkResolver(tree)
        let (place, target) = Self.look(at: path, &links)
        ways.formUnion(links.ways)
        found[path] = place
        switch place {
        case .missing, .changing: return .unreadable("does not exist")
        case .refused(let why): return .unreadable("is refused: \(why)")
        case .other: return .unreadable("is not a file")
        case .failed(let cause): return .unreadable("cannot be read: \(cause)")
        case .file: return read(target, as: path, in: tree)
        }
    }

    /// - Parameter target: The path of the file with all links resolved.
    private mutating func read(_ target: BytePath, as path: BytePath, in tree: any FileTree) -> AttachedContent {
        do throws(FileError) {
            found[path] = .changing
            guard let reading = try ManifestIndex.stableReading(of: target, in: tree) else {
                return .unreadable("does not exist")
            }
            guard reading.before == reading.after else { return .unreadable("changes while it is read") }
            found[path] = .file(reading.after)
            guard reading.size <= TaskDefinition.maximumContent else { return .tooLarge(size: reading.size) }
            if let problem = PlaceholderFile.problem(with: reading.bytes) { return .unreadable(problem) }
            digests[path] = .sha256(of: reading.bytes)
            return .content(reading.bytes)
        } catch {
            return .unreadable("cannot be read: \(error.cause)")
        }
    }

    private static func look(at path: BytePath, _ links: inout LinkResolver) -> (Found, target: BytePath) {
        do throws(FileError) {
            switch try links.resolve(path) {
            case .missing: return (.missing, path)
            case .refused(let why): return (.refused(why), path)
            case .found(let target, let stamp):
                return (stamp.kind == .file ? .file(stamp) : .other(stamp.kind), target)
            }
        } catch {
            return (.failed(error.cause), path)
        }
    }

    /// Whether a file differs from its state when it was read.
    func haveChanged(in tree: any FileTree) -> Bool {
        guard !found.isEmpty else { return false }
        var links = LinkResolver(tree)
        return found.contains { path, former in Self.look(at: path, &links).0 != former }
    }

    func isRacy(_ now: Timestamp) -> Bool {
        found.values.contains { if case .file(let stamp) = $0 { stamp.isRacy(now) } else { false } }
    }

    /// Returns one digest for the manifest and its attachments.
    func digest(with manifest: Digest) -> Digest {
        guard !digests.isEmpty else { return manifest }
        let all = [manifest.rawValue] + digests.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        return .sha256(of: all.joined(separator: "\n"))
    }
}

extension FileStamp {
    /// Whether the file was read so soon after a change that a further change may leave the stamp as it is.
    func isRacy(_ now: Timestamp) -> Bool {
        guard case .file(_, _, let modified, let changed) = content else { return false }
        return Timestamp(milliseconds: max(modified, changed) / 1_000_000) + ManifestIndex.racyWithin >= now
    }
}
