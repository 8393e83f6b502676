import CubeCore
import CubeJSON
import CubeSystem
import CubeTypes
import SystemPackage

/// What is known of the files of a source, so that a file that did not change is not read again.
final class ManifestIndex {
    private struct Entry {
        /// `nil` where the file could not even be looked at.
        var stamp: FileStamp?
        var state: FileState
        /// The files that it names beside it.
        var attachments = Attachments()
    }

    /// One byte more is read than a manifest may have, so that the decoder sees that it is too large.
    static let readLimit = (1 << 20) + 1

    /// Times of files may be this coarse: what is read sooner after them may change once more and look the same.
    static let racyWithin: Duration = .seconds(2)

    static let maximumFiles = 1_000_000

    private static let gitLFSPointer = Array("version https://git-lfs.github.com/spec/".utf8)

    private var entries: [BytePath: Entry] = [:]
    /// The files that are links, or lie behind one.
    private(set) var links: Set<BytePath> = []
    /// The files that were read too soon after they changed, and when to read them once more.
    private var rereads: [BytePath: Timestamp] = [:]
    /// The files whose state is not what it was when ``takeChanged()`` was called last.
    private var changed: Set<BytePath> = []
    /// The manifests that name a file, by the path of that file and of every directory on the way to it.
    private var attachedTo: [BytePath: Set<BytePath>] = [:]
    /// The directories that were listed.
    private(set) var directories: Set<BytePath> = []

    var isFull: Bool { entries.count >= Self.maximumFiles }

    /// By path.
    var states: [BytePath: FileState] { entries.mapValues(\.state) }

    var nextReread: Timestamp? { rereads.values.min() }

    func rereads(dueAt now: Timestamp) -> Set<BytePath> { Set(rereads.filter { $0.value <= now }.keys) }

    func knows(_ path: BytePath) -> Bool { entries[path] != nil || directories.contains(path) }

    func knowsFile(_ path: BytePath) -> Bool { entries[path] != nil }

    func add(directory: BytePath) { directories.insert(directory) }

    /// Reads a file, unless it is what it was.
    ///
    /// - Parameters:
    ///   - path: what the file is called.
    ///   - realPath: where it is, without any link.
    /// - Returns: whether it was there.
    func visit(_ path: BytePath, at realPath: BytePath, stamp: FileStamp, in tree: any FileTree, now: Timestamp) -> Bool
    {
        let isLink = path != realPath
        let isRereadDue = rereads[path].map { $0 <= now } ?? false
        if let entry = entries[path], entry.stamp == stamp, links.contains(path) == isLink, !isRereadDue,
            !entry.attachments.haveChanged(in: tree)
        {
            return true
        }
        do throws(FileError) {
            guard let reading = try Self.settledReading(of: realPath, in: tree) else { return false }
            if reading.after.kind != .file {
                refuse(path, isLink: isLink, "is not a file")
            } else if reading.before != reading.after {
                refuse(path, isLink: isLink, "changes while it is read")
            } else {
                let known = entries[path]
                var attachments = Attachments(of: path)
                let state = Self.decode(reading.bytes, file: path, in: tree, &attachments)
                let isRacy =
                    reading.after.isRacy(now) && known?.stamp != reading.after
                    || attachments.isRacy(now) && known?.attachments != attachments
                set(path, stamp: reading.after, isLink: isLink, state, attachments)
                rereads[path] = isRacy ? now + Self.racyWithin : nil
            }
        } catch {
            refuse(path, isLink: isLink, "cannot be read: \(error.cause)")
        }
        return true
    }

    /// Notes a file that cannot be read.
    func refuse(_ path: BytePath, isLink: Bool, _ why: String) {
        set(path, stamp: nil, isLink: isLink, .unreadable([.unreadable(path, why)]))
    }

    /// The files whose state changed since the last call, with their states.
    func takeChanged() -> [BytePath: FileState] {
        defer { changed = [] }
        return changed.reduce(into: [:]) { $0[$1] = entries[$1]?.state }
    }

    /// Forgets what is not there any more.
    ///
    /// - Returns: the directories that were forgotten.
    func keep(files: Set<BytePath>, directories kept: Set<BytePath>) -> Set<BytePath> {
        if files.count < entries.count {
            for path in entries.keys where !files.contains(path) { attach(Attachments(), to: path) }
            entries = entries.filter { files.contains($0.key) }
            links.formIntersection(files)
            rereads = rereads.filter { files.contains($0.key) }
        }
        defer { directories = kept }
        return directories.subtracting(kept)
    }

    /// The manifests that name what these entries are, or lead to, and those that name something behind a link, of which
    /// nothing tells.
    func dependents(of entries: Set<BytePath>) -> Set<BytePath> {
        guard !attachedTo.isEmpty, !entries.isEmpty else { return [] }
        return entries.reduce(into: attachedTo[Self.behindLinks] ?? []) { $0.formUnion(attachedTo[$1] ?? []) }
    }

    /// No entry is called so.
    private static let behindLinks: BytePath = "/"

    private func attach(_ attachments: Attachments, to path: BytePath) {
        func ways(_ attachments: Attachments?) -> Set<BytePath> {
            var ways: Set<BytePath> = attachments?.leadThroughLinks == true ? [Self.behindLinks] : []
            for var way in attachments?.paths ?? [] {
                while !way.isRoot {
                    ways.insert(way)
                    way = way.splittingLastEntry.directory
                }
            }
            return ways
        }
        let (former, new) = (ways(entries[path]?.attachments), ways(attachments))
        for way in former.subtracting(new) {
            attachedTo[way]?.remove(path)
            if attachedTo[way]?.isEmpty == true { attachedTo[way] = nil }
        }
        for way in new.subtracting(former) { attachedTo[way, default: []].insert(path) }
    }

    private func set(
        _ path: BytePath, stamp: FileStamp?, isLink: Bool, _ state: FileState,
        _ attachments: Attachments = Attachments()
    ) {
        attach(attachments, to: path)
        var entry = Entry(stamp: stamp, state: state, attachments: attachments)
        if let known = entries[path]?.state, known == state {
            // Held once: whoever was told of the file has this one.
            entry.state = known
        } else {
            changed.insert(path)
        }
        entries[path] = entry
        rereads[path] = nil
        if isLink { links.insert(path) } else { links.remove(path) }
    }

    /// Reads a file until it did not change meanwhile, at most three times.
    static func settledReading(of path: BytePath, in tree: any FileTree) throws(FileError) -> FileReading? {
        var reading: FileReading?
        for _ in 0..<3 {
            reading = try tree.read(path, limit: Self.readLimit)
            guard let reading, reading.before != reading.after else { break }
        }
        return reading
    }

    private static func decode(
        _ bytes: [UInt8], file: BytePath, in tree: any FileTree, _ attachments: inout Attachments
    ) -> FileState {
        guard !bytes.starts(with: gitLFSPointer) else {
            return .unreadable([.unreadable(file, "is a pointer of Git LFS: what it stands for is not here")])
        }
        if ManifestGroup.isFile(file) { return FileState(readingGroup: bytes, of: file) }
        let decoded = ManifestDecoder.decode(bytes, file: file.text) { attachments.read($0, in: tree) }
        return decoded.diagnostics.contains { $0.severity == .error }
            ? .unreadable(decoded.diagnostics)
            : .readable(decoded.workloads, digest: attachments.digest(with: .sha256(of: bytes)))
    }
}

extension Diagnostic {
    /// A file, or a directory, that is there and says nothing.
    static func unreadable(_ path: BytePath, _ why: String) -> Diagnostic {
        Diagnostic(
            reason: .unreadable, summary: "\(path.isRoot ? "the directory" : path) \(why)",
            range: SourceRange(filename: path.text))
    }
}
