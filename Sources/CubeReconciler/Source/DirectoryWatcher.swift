package import CubeCore
import CubeLinux
import CubeSystem
import Dispatch
import Glibc
import Synchronization
package import SystemPackage

/// The changes below the root since the last call of ``DirectoryWatcher/take(including:)``.
package struct SourceChange: Hashable, Sendable {
    /// The paths of entries, relative to the root, that appeared, disappeared or changed.
    package var entries: Set<BytePath>
    /// The paths of files that a program is writing, as far as is known: they are reported when the program closes them.
    package var open: Set<BytePath>
    /// Whether anything may have changed: events were lost, or another directory became the root.
    package var everything: Bool
    /// Whether git has written to its directory, so that another commit may be checked out, or other files may differ from it.
    package var revision: Bool

    package init(
        entries: Set<BytePath> = [], open: Set<BytePath> = [], everything: Bool = false, revision: Bool = false
    ) {
        self.entries = entries
        self.open = open
        self.everything = everything
        self.revision = revision
    }

    /// Whether there is nothing to look at yet.
    package var isEmpty: Bool { entries.isEmpty && !everything && !revision }

    /// Above this number of entries, a look at everything is as cheap.
    private static let maximumEntries = 1024

    /// Adds later changes. The latest report of an entry says whether a program is writing it.
    package mutating func merge(_ later: SourceChange) {
        entries.formUnion(later.entries)
        entries.subtract(later.open)
        open.subtract(later.entries)
        open.formUnion(later.open)
        everything = everything || later.everything || entries.count > Self.maximumEntries
        revision = revision || later.revision
        if everything { entries = [] }
    }

    /// Returns the changes to look at, and keeps the files that are open.
    ///
    /// - Parameter overdue: open files to look at all the same.
    mutating func take(including overdue: Set<BytePath>) -> SourceChange {
        merge(SourceChange(entries: overdue.intersection(open)))
        defer { self = SourceChange(open: open) }
        return self
    }
}

/// Reports changes in watched directories through inotify.
package final class DirectoryWatcher: Sendable {
    private struct Watched {
        /// The paths of the directory as reported in changes. Links may add further paths.
        var paths: Set<BytePath> = []
        /// Entries of the directory on the path to the root. If one changes, another directory may become the root.
        var ways: Set<BytePath> = []
        /// Whether it is the git directory of the checkout.
        var isCheckout = false

        var isIdle: Bool { paths.isEmpty && ways.isEmpty && !isCheckout }
    }

    private struct State {
        var rootPath = FilePath()
        var watched: [CInt: Watched] = [:]
        var descriptors: [BytePath: CInt] = [:]
        /// The watch of the checkout's git directory; `nil` if that is not watched.
        var checkout: CInt?
        /// Why directories, or the entries on the path to the root, are not watched.
        var problem: String?
        var problemOfWays: String?
        var pending = SourceChange()
    }

    /// Yields at least once whenever ``take(including:)`` has changes, and finishes with the watcher.
    package let signals: AsyncStream<Void>

    private let signal: AsyncStream<Void>.Continuation
    private let state: Mutex<State>
    private let descriptor: CInt
    /// An eventfd. Writing to it ends the thread that reads events.
    private let end: CInt

    private init(descriptor: CInt, problem: String?) {
        (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        state = Mutex(State(problem: problem))
        self.descriptor = descriptor
        let end = eventfd(0, CInt(EFD_CLOEXEC))
        self.end = end
        guard descriptor >= 0 else { return }
        // Uses its own thread, as Dispatch sources break on Linux if many of them are created and cancelled
        // (swift-corelibs-libdispatch, issue 949).
        DispatchQueue(label: "cube.directory-watcher").async { [weak self] in
            while Self.waitForEvents(descriptor, end) { self?.readEvents() }
            close(descriptor)
            close(end)
        }
    }

    /// Creates a watcher that watches nothing yet. If the system has no free inotify instance, ``problem`` says so.
    package static func make() -> DirectoryWatcher {
        let descriptor = inotify_init1(CInt(IN_NONBLOCK | IN_CLOEXEC))
        guard descriptor < 0 else { return DirectoryWatcher(descriptor: descriptor, problem: nil) }
        return DirectoryWatcher(descriptor: -1, problem: problem(of: errno))
    }

    deinit {
        if descriptor >= 0 { eventfd_write(end, 1) } else { close(end) }
        signal.finish()
    }

    /// - Returns: Whether there are events. `false` means that the watcher ends.
    private static func waitForEvents(_ descriptor: CInt, _ end: CInt) -> Bool {
        var ready = [descriptor, end].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        while poll(&ready, 2, -1) < 0, errno == EINTR {}
        return ready[1].revents == 0
    }

    /// The reason why changes are not reported; `nil` if they are.
    package var problem: String? { state.withLock { $0.problem ?? $0.problemOfWays } }

    /// Returns the changes since the last call.
    ///
    /// - Parameter overdue: open files that are reported although no program has closed them.
    package func take(including overdue: Set<BytePath> = []) -> SourceChange {
        state.withLock { $0.pending.take(including: overdue) }
    }

    /// Stops watching directories and starts with another root. Keeps watching the path to the root, as that reveals
    /// when another directory becomes the root, even if there is none now.
    ///
    /// - Parameter path: The root, with all links resolved if it exists.
    package func start(root path: FilePath) {
        guard descriptor >= 0 else { return }
        state.withLock { state in
            for watch in state.watched.keys { state.watched[watch]?.paths = [] }
            dropIdle(&state)
            state.descriptors = [:]
            state.problem = nil
            state.rootPath = path
            state.pending.open = []
        }
    }

    /// Watches the entries on the path to the root, and stops watching earlier ones. The entries are directories and
    /// links, of which only the last component may be a link.
    package func watch(waysToRoot ways: Set<BytePath>) {
        guard descriptor >= 0 else { return }
        state.withLock { state in
            state.problemOfWays = nil
            var watched: [CInt: Set<BytePath>] = [:]
            for (directory, ways) in Dictionary(grouping: ways, by: \.splittingLastEntry.directory) {
                let mask = UInt32(IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR | IN_MASK_ADD)
                let place: BytePath = directory.isRoot ? "." : directory
                let watch = place.withCString { inotify_add_watch(descriptor, $0, mask) }
                // The next look reports a directory that is missing or inaccessible.
                guard watch >= 0 else {
                    if errno == ENOSPC || errno == ENOMEM { state.problemOfWays = Self.problem(of: errno) }
                    continue
                }
                watched[watch, default: []].formUnion(ways.map(\.splittingLastEntry.name))
            }
            for watch in state.watched.keys where watched[watch] == nil { state.watched[watch]?.ways = [] }
            for (watch, names) in watched { state.watched[watch, default: Watched()].ways = names }
            dropIdle(&state)
        }
    }

    /// Watches the git directory of the checkout, and stops watching an earlier one. If the directory cannot be watched, only scans
    /// find another commit.
    ///
    /// Call this before reading the commit, so that no later commit is missed. The watch of a directory that is watched already stays.
    ///
    /// - Parameter directory: The directory that contains `HEAD` and the index; `nil` if there is none.
    package func watch(checkout directory: FilePath?) {
        guard descriptor >= 0 else { return }
        state.withLock { state in
            let watch = directory?.withPlatformString { inotify_add_watch(descriptor, $0, checkoutMask) } ?? -1
            if let former = state.checkout, former != watch {
                state.watched[former]?.isCheckout = false
                if state.watched[former]?.isIdle == true { drop(former, &state) }
            }
            state.checkout = watch < 0 ? nil : watch
            if watch >= 0 { state.watched[watch, default: Watched()].isCheckout = true }
        }
    }

    private func dropIdle(_ state: inout State) {
        for (watch, known) in state.watched where known.isIdle { drop(watch, &state) }
    }

    private func drop(_ watch: CInt, _ state: inout State) {
        state.watched[watch] = nil
        inotify_rm_watch(descriptor, watch)
    }

    /// Watches a directory. Call this before listing the directory, so that no change is missed.
    ///
    /// - Parameters:
    ///   - directory: The path that changes will report.
    ///   - realPath: The path with all links resolved.
    package func watch(_ directory: BytePath, at realPath: BytePath) {
        guard descriptor >= 0 else { return }
        state.withLock { state in
            let path =
                realPath.isAbsolute
                ? FilePath(realPath) : realPath.isRoot ? state.rootPath : state.rootPath.appending(realPath)
            let watch = path.withPlatformString { inotify_add_watch(descriptor, $0, mask) }
            guard watch >= 0 else {
                // The listing reports a directory that is missing or inaccessible.
                if errno == ENOSPC || errno == ENOMEM { state.problem = Self.problem(of: errno) }
                return
            }
            if let former = state.descriptors[directory], former != watch { release(former, directory, &state) }
            state.descriptors[directory] = watch
            state.watched[watch, default: Watched()].paths.insert(directory)
        }
    }

    /// Stops watching a removed directory.
    func unwatch(_ directory: BytePath) {
        state.withLock { state in
            guard let watch = state.descriptors.removeValue(forKey: directory) else { return }
            release(watch, directory, &state)
        }
    }

    private func release(_ watch: CInt, _ directory: BytePath, _ state: inout State) {
        state.watched[watch]?.paths.remove(directory)
        if state.watched[watch]?.isIdle == true { drop(watch, &state) }
    }

    private func readEvents() {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress!, $0.count) }
            guard count > 0 else { break }
            let isChange = buffer.withUnsafeBytes { bytes in
                state.withLock { state in Self.take(UnsafeRawBufferPointer(rebasing: bytes[..<count]), &state) }
            }
            if isChange { signal.yield() }
        }
    }

    /// Adds events to the pending changes.
    ///
    /// - Returns: Whether there was a change among them.
    private static func take(_ bytes: UnsafeRawBufferPointer, _ state: inout State) -> Bool {
        let header = MemoryLayout<inotify_event>.size
        var isChange = false
        var offset = 0
        while offset + header <= bytes.count {
            let event = bytes.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
            let name = bytes[(offset + header)..<(offset + header + Int(event.len))].prefix { $0 != 0 }
            offset += header + Int(event.len)
            let change = Self.change(event, name: BytePath(name), &state)
            guard change != SourceChange() else { continue }
            state.pending.merge(change)
            isChange = true
        }
        return isChange
    }

    private static func change(_ event: inotify_event, name: BytePath, _ state: inout State) -> SourceChange {
        let mask = Int32(truncatingIfNeeded: event.mask)
        if mask & IN_Q_OVERFLOW != 0 { return SourceChange(everything: true) }
        guard let watched = state.watched[event.wd] else { return SourceChange() }
        if mask & IN_IGNORED != 0 {
            state.watched[event.wd] = nil
            for path in watched.paths { state.descriptors[path] = nil }
        }
        let isWay = !name.isRoot && watched.ways.contains(name)
        // Only these events report a change of the root itself.
        if mask & IN_UNMOUNT != 0 || isWay || (name.isRoot && watched.paths.contains(.root)) {
            return SourceChange(everything: true)
        }
        let entries = name.isRoot ? watched.paths : Set(watched.paths.map { $0.appending(name) })
        var change = isBeingWritten(mask, entries, state) ? SourceChange(open: entries) : SourceChange(entries: entries)
        // An event without a name says that the git directory itself is gone or was moved.
        change.revision = watched.isCheckout && (name.isRoot || revisionFiles.contains(name))
        return change
    }

    /// The files of a git directory of which at least one is replaced or removed when git has changed the index or the checked-out commit.
    ///
    /// Not every commit writes the index, and some write it before the branch. Git removes `HEAD.lock` after it has moved the branch
    /// that is checked out.
    private static let revisionFiles: Set<BytePath> = ["HEAD", "HEAD.lock", "index"]

    /// Whether an event says that a program is writing a file, so that another event follows when it closes the file.
    private static func isBeingWritten(_ mask: Int32, _ entries: Set<BytePath>, _ state: State) -> Bool {
        if mask & IN_ISDIR != 0 || mask & (IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE) != 0 {
            return false
        }
        if mask & IN_MODIFY != 0 { return true }
        guard let entry = entries.first else { return false }
        if mask & IN_ATTRIB != 0 { return state.pending.open.contains(entry) }
        guard mask & IN_CREATE != 0 else { return false }
        // Nobody writes a new link, also a hard one.
        let path = entry.isAbsolute ? FilePath(entry) : state.rootPath.appending(entry)
        var status = stat()
        return path.withPlatformString { lstat($0, &status) } == 0 && status.st_mode & S_IFMT == S_IFREG
            && status.st_nlink == 1
    }

    private static func problem(of error: CInt) -> String {
        switch error {
        case EMFILE: "no inotify instances are left; raise fs.inotify.max_user_instances"
        case ENOSPC: "no inotify watches are left; raise fs.inotify.max_user_watches"
        default: "inotify: \(Errno(rawValue: error))"
        }
    }
}

private let checkoutMask = UInt32(
    IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_MASK_ADD)

private let mask = UInt32(
    IN_CREATE | IN_CLOSE_WRITE | IN_MODIFY | IN_ATTRIB | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_DELETE_SELF
        | IN_MOVE_SELF | IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK)
