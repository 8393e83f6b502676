import CubeCore
import CubeSystem
import CubeTypes
import SystemPackage

/// The files that one manifest names beside it, and what they were when they were read: a change of one is a change of the
/// manifest.
struct Attachments: Hashable {
    private let directory: BytePath
    /// By path below the root; `nil` where there was nothing to read.
    private var stamps: [BytePath: FileStamp?] = [:]
    private var digests: [BytePath: Digest] = [:]
    /// Whether one lies behind a link, so that nothing tells when it changes.
    private(set) var leadThroughLinks = false

    /// - Parameter manifest: its path below the root.
    init(of manifest: BytePath = .root) { directory = manifest.splittingLastEntry.directory }

    var paths: [BytePath] { Array(stamps.keys) }

    /// Reads a file by its path from the manifest's directory. Links are followed, never out of the root.
    mutating func read(_ name: String, in tree: any FileTree) -> AttachedContent {
        let path = directory.appending(BytePath(naming: name))
        stamps.updateValue(nil, forKey: path)
        do throws(FileError) {
            var links = LinkResolver(tree)
            let target: BytePath
            switch try links.resolve(path) {
            case .missing: return .unreadable("does not exist")
            case .refused(let why): return .unreadable("is refused: \(why)")
            case .found(let found, let stamp):
                guard stamp.kind == .file else { return .unreadable("is not a file") }
                target = found
            }
            if target != path { leadThroughLinks = true }
            guard let reading = try ManifestIndex.settledReading(of: target, in: tree) else {
                return .unreadable("does not exist")
            }
            guard reading.before == reading.after else { return .unreadable("changes while it is read") }
            stamps[path] = reading.after
            digests[path] = .sha256(of: reading.bytes)
            return .content(reading.bytes)
        } catch {
            return .unreadable("cannot be read: \(error.cause)")
        }
    }

    /// Whether a file is not what it was when it was read.
    func haveChanged(in tree: any FileTree) -> Bool {
        guard !stamps.isEmpty else { return false }
        var links = LinkResolver(tree)
        return stamps.contains { path, stamp in
            do throws(FileError) {
                guard case .found(_, let now) = try links.resolve(path), now.kind == .file else { return stamp != nil }
                return now != stamp
            } catch {
                return stamp != nil
            }
        }
    }

    func isRacy(_ now: Timestamp) -> Bool { stamps.values.contains { $0?.isRacy(now) == true } }

    /// One digest for the manifest and all that it names.
    func digest(with manifest: Digest) -> Digest {
        guard !digests.isEmpty else { return manifest }
        let all = [manifest.rawValue] + digests.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        return .sha256(of: all.joined(separator: "\n"))
    }
}

extension FileStamp {
    /// Whether it was read so soon after it changed that it may change once more and look the same.
    func isRacy(_ now: Timestamp) -> Bool {
        Timestamp(milliseconds: max(modified, changed) / 1_000_000) + ManifestIndex.racyWithin >= now
    }
}
