import CubeCore
import CubeJSON
import CubeSystem
import CubeTypes
import SystemPackage

/// The known state of a source's files, so that unchanged files are not read again.
final class ManifestIndex {
    private struct Entry {
        /// `nil` if the file was inaccessible.
        var stamp: FileStamp?
        var state: FileState
        /// The files to which the manifest refers.
        var attachments = Attachments()
        /// Warnings about a readable file.
        var warnings: [Diagnostic] = []
    }

    /// The maximum number of bytes that are read of a file, whatever its purpose.
    static let readLimit = max(ManifestDecoder.maximumSize, TaskDefinition.maximumContent)

    /// The assumed resolution of file times. A file that was read within this time after a change may change again
    /// without a new stamp.
    static let racyWithin: Duration = .seconds(2)

    static let maximumFiles = 1_000_000

    private var entries: [BytePath: Entry] = [:]
    /// The files that are links or are reached through links.
    private(set) var links: Set<BytePath> = []
    /// The files that were read too soon after a change, and the times at which to read them again.
    private var rereads: [BytePath: Timestamp] = [:]
    /// The files whose state changed since the last call of ``takeChanged()``.
    private var changed: Set<BytePath> = []
    /// The manifests that refer to a file, by the paths of the file and of all directories on the way to it.
    private var attachedTo: [BytePath: Set<BytePath>] = [:]
    /// The number of these entries per directory.
    private var attachmentDirectories: [BytePath: Int] = [:]
    /// All entries on the paths of links to manifests. If one changes, a link may lead to another file.
    private(set) var linkWays: Set<BytePath> = []
    /// The directories of these entries.
    private var linkDirectories: Set<BytePath> = []
    /// The directories that were listed.
    private(set) var directories: Set<BytePath> = []
    /// The directories whose manifests were all as the index knows them at the last look.
    private var settled: [BytePath: SettledDirectory] = [:]
    /// What ``states`` returned, unless a state changed since.
    private var knownStates: [BytePath: FileState]?

    /// The directories of attachments and link targets, except for the source's own directories.
    var directoriesBeside: Set<BytePath> {
        linkDirectories.union(attachmentDirectories.keys).subtracting(directories)
    }

    var isFull: Bool { entries.count >= Self.maximumFiles }

    /// The state of each file, by path.
    var states: [BytePath: FileState] {
        let states = knownStates ?? entries.mapValues(\.state)
        knownStates = states
        return states
    }

    /// Warnings about readable files, by path.
    var warnings: [Diagnostic] {
        entries.filter { !$0.value.warnings.isEmpty }.sorted { $0.key < $1.key }.flatMap(\.value.warnings)
    }

    var nextReread: Timestamp? { rereads.values.min() }

    func rereads(dueAt now: Timestamp) -> Set<BytePath> { Set(rereads.filter { $0.value <= now }.keys) }

    func knows(_ path: BytePath) -> Bool { entries[path] != nil || directories.contains(path) }

    func knowsFile(_ path: BytePath) -> Bool { entries[path] != nil }

    /// Whether the file was accessible at the last look.
    func hasRead(_ path: BytePath) -> Bool { entries[path]?.stamp != nil }

    func add(directory: BytePath) { directories.insert(directory) }

    /// Reads a file unless it is unchanged.
    ///
    /// - Parameters:
    ///   - path: The path of the file as the source names it.
    ///   - realPath: The path with all links resolved.
    /// - Returns: Whether the file exists.
    func visit(_ path: BytePath, at realPath: BytePath, stamp: FileStamp, in tree: any FileTree, now: Timestamp) -> Bool
    {
        take(find(path, at: realPath, stamp: stamp, in: tree, now: now), of: path, now: now)
    }

    /// What a look at a file found.
    enum Finding: Sendable {
        case unchanged
        case missing
        case refused(isLink: Bool, String)
        case read(Reading)
    }

    struct Reading: Sendable {
        fileprivate var stamp: FileStamp
        fileprivate var isLink: Bool
        fileprivate var state: FileState
        fileprivate var attachments: Attachments
        fileprivate var warnings: [Diagnostic]
        fileprivate var isRacy: Bool
    }

    /// Reads a file unless it is unchanged. Does not change the index, so several files may be read at the same time.
    func find(
        _ path: BytePath, at realPath: BytePath, stamp: FileStamp, in tree: any FileTree, now: Timestamp
    ) -> Finding {
        let isLink = path != realPath
        guard !path.isTooLong else {
            return .refused(isLink: isLink, "has a path of more than \(TextBounds.address) bytes")
        }
        let isRereadDue = rereads[path].map { $0 <= now } ?? false
        if let entry = entries[path], entry.stamp == stamp, links.contains(path) == isLink, !isRereadDue,
            !entry.attachments.haveChanged(in: tree)
        {
            return .unchanged
        }
        do throws(FileError) {
            guard let reading = try Self.stableReading(of: realPath, in: tree) else { return .missing }
            if reading.after.kind != .file { return .refused(isLink: isLink, "is not a regular file") }
            if reading.before != reading.after { return .refused(isLink: isLink, "changes while it is read") }
            let known = entries[path]
            var attachments = Attachments(of: path)
            let (state, warnings) = Self.decode(reading, file: path, in: tree, &attachments)
            let isRacy =
                reading.after.isRacy(now) && known?.stamp != reading.after
                || attachments.isRacy(now) && known?.attachments != attachments
            return .read(
                Reading(
                    stamp: reading.after, isLink: isLink, state: state, attachments: attachments, warnings: warnings,
                    isRacy: isRacy))
        } catch {
            return .refused(isLink: isLink, "cannot be read: \(error.cause)")
        }
    }

    /// Records what was found.
    ///
    /// - Returns: Whether the file exists.
    func take(_ finding: Finding, of path: BytePath, now: Timestamp) -> Bool {
        switch finding {
        case .unchanged: break
        case .missing: return false
        case .refused(let isLink, let why): refuse(path, isLink: isLink, why)
        case .read(let reading):
            set(
                path, stamp: reading.stamp, isLink: reading.isLink, reading.state, reading.attachments,
                reading.warnings)
            rereads[path] = reading.isRacy ? now + Self.racyWithin : nil
        }
        return true
    }

    /// Records an unreadable file.
    func refuse(_ path: BytePath, isLink: Bool, _ why: String) {
        set(path, stamp: nil, isLink: isLink, .unreadable([.unreadable(path, why)]))
    }

    /// Returns the files whose state changed since the last call, with their states.
    func takeChanged() -> [BytePath: FileState] {
        defer { changed = [] }
        return changed.reduce(into: [:]) { $0[$1] = entries[$1]?.state }
    }

    /// Forgets which files changed, for a caller that needs the states of all.
    func forgetChanges() { changed = [] }

    /// Removes files and directories that no longer exist.
    ///
    /// - Returns: The removed directories.
    func keep(files found: FoundFiles, directories kept: Set<BytePath>) -> Set<BytePath> {
        if found.count < entries.count {
            let files = found.paths
            settled = [:]
            knownStates = nil
            for (path, entry) in entries where !files.contains(path) {
                attach(Attachments(), insteadOf: entry.attachments, to: path)
            }
            entries = entries.filter { files.contains($0.key) }
            links.formIntersection(files)
            rereads = rereads.filter { files.contains($0.key) }
        }
        let gone = directories.subtracting(kept)
        for directory in gone { settled[directory] = nil }
        directories = kept
        return gone
    }

    /// Returns a directory whose manifests were all as the index knows them at the last look, and have not been changed in it since.
    func settled(_ directory: BytePath) -> SettledDirectory? { settled[directory] }

    /// Notes that all manifests of a directory are as the index knows them, unless one of them is due for another read whatever its
    /// stamp says, or depends on other files. The listing is kept, so most of its entries must be manifests.
    func settle(_ directory: BytePath, _ contents: DirectoryContents) {
        let names = contents.manifests
        guard !names.isEmpty, contents.listing.entries.count <= 2 * names.count,
            zip(names, names.dropFirst()).allSatisfy({ $0 != $1 })
        else { return }
        var stamps: [FileStamp] = []
        for name in names {
            let path = directory.appending(name)
            guard let entry = entries[path], let stamp = entry.stamp, entry.attachments.isEmpty,
                rereads[path] == nil, !links.contains(path)
            else { return }
            stamps.append(stamp)
        }
        settled[directory] = SettledDirectory(path: directory, contents: contents, stamps: stamps)
    }

    /// Returns the manifests that refer to these entries or reach their files through them.
    func dependents(of entries: Set<BytePath>) -> Set<BytePath> {
        guard !attachedTo.isEmpty, !entries.isEmpty else { return [] }
        return entries.reduce(into: []) { $0.formUnion(attachedTo[$1] ?? []) }
    }

    /// Whether a manifest refers to the file.
    func isAttached(_ path: BytePath) -> Bool { attachedTo[path] != nil }

    /// Records the entries on the paths of links.
    ///
    /// - Parameter isAll: Whether the walk followed every link.
    func note(linkWays ways: Set<BytePath>, isAll: Bool) {
        let all = isAll ? ways : linkWays.union(ways)
        guard all != linkWays else { return }
        linkWays = all
        linkDirectories = Set(all.map(\.splittingLastEntry.directory))
    }

    private func attach(_ attachments: Attachments, insteadOf known: Attachments?, to path: BytePath) {
        guard !attachments.isEmpty || known?.isEmpty == false else { return }
        func ways(_ attachments: Attachments?) -> Set<BytePath> {
            var ways = attachments?.ways ?? []
            for var way in attachments?.paths ?? [] {
                while !way.isRoot {
                    ways.insert(way)
                    way = way.splittingLastEntry.directory
                }
            }
            return ways
        }
        let (former, new) = (ways(known), ways(attachments))
        for way in former.subtracting(new) {
            attachedTo[way]?.remove(path)
            if attachedTo[way]?.isEmpty == true {
                attachedTo[way] = nil
                count(way, by: -1)
            }
        }
        for way in new.subtracting(former) {
            if attachedTo[way] == nil { count(way, by: 1) }
            attachedTo[way, default: []].insert(path)
        }
    }

    private func count(_ way: BytePath, by number: Int) {
        let directory = way.splittingLastEntry.directory
        let count = (attachmentDirectories[directory] ?? 0) + number
        attachmentDirectories[directory] = count == 0 ? nil : count
    }

    private func set(
        _ path: BytePath, stamp: FileStamp?, isLink: Bool, _ state: FileState,
        _ attachments: Attachments = Attachments(), _ warnings: [Diagnostic] = []
    ) {
        let known = entries[path]
        attach(attachments, insteadOf: known?.attachments, to: path)
        knownStates = nil
        if !settled.isEmpty { settled[path.splittingLastEntry.directory] = nil }
        var entry = Entry(stamp: stamp, state: state, attachments: attachments, warnings: warnings)
        if let known = known?.state, known == state {
            // Keep the existing value, so that its storage is shared with its other holders.
            entry.state = known
        } else {
            changed.insert(path)
        }
        entries[path] = entry
        rereads[path] = nil
        if isLink { links.insert(path) } else { links.remove(path) }
    }

    /// Reads a file until it does not change during the read, at most three times.
    static func stableReading(of path: BytePath, in tree: any FileTree) throws(FileError) -> FileReading? {
        var reading: FileReading?
        for _ in 0..<3 {
            reading = try tree.read(path, limit: Self.readLimit)
            guard let reading, reading.before != reading.after else { break }
        }
        return reading
    }

    private static func decode(
        _ reading: FileReading, file: BytePath, in tree: any FileTree, _ attachments: inout Attachments
    ) -> (FileState, warnings: [Diagnostic]) {
        guard reading.size <= ManifestDecoder.maximumSize else {
            let summary = ManifestDecoder.tooLarge(reading.size)
            let problem = Diagnostic(reason: .tooLarge, summary: summary, range: SourceRange(filename: file.text))
            return (.unreadable([problem]), [])
        }
        let bytes = reading.bytes
        if let problem = PlaceholderFile.problem(with: bytes) { return (.unreadable([.unreadable(file, problem)]), []) }
        if ManifestGroup.isFile(file) { return (FileState(readingGroup: bytes, of: file), []) }
        let decoded = ManifestDecoder.decode(bytes, file: file.text) { attachments.read($0, in: tree) }
        guard !decoded.diagnostics.contains(where: { $0.severity == .error }) else {
            return (.unreadable(decoded.diagnostics), [])
        }
        let digest = attachments.digest(with: .sha256(of: bytes))
        return (.readable(decoded.workloads, digest: digest), decoded.diagnostics)
    }
}

extension Diagnostic {
    /// Returns the diagnostic for an unreadable file or directory.
    static func unreadable(_ path: BytePath, _ why: String) -> Diagnostic {
        Diagnostic(
            reason: .unreadable, summary: "\(path.isRoot ? "the directory" : path) \(why)",
            range: SourceRange(filename: path.text))
    }
}
