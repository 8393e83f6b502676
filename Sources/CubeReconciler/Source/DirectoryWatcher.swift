package import CubeCore
import CubeLinux
import Dispatch
import Glibc
import Synchronization
package import SystemPackage

/// What may have changed below the root since it was last asked for.
package struct SourceChange: Hashable, Sendable {
    /// The paths of entries, relative to the root, that came, went or changed.
    package var entries: Set<BytePath>
    /// Anything may have changed: events were lost, or the root itself is another one.
    package var everything: Bool

    package init(entries: Set<BytePath> = [], everything: Bool = false) {
        self.entries = entries
        self.everything = everything
    }

    /// Above this many entries, looking at everything is as cheap.
    private static let maximumEntries = 1024

    package mutating func merge(_ other: SourceChange) {
        entries.formUnion(other.entries)
        everything = everything || other.everything || entries.count > Self.maximumEntries
        if everything { entries = [] }
    }
}

/// Tells through inotify that something changed below a directory, for the directories that it is told to watch.
package final class DirectoryWatcher: Sendable {
    private struct Watched {
        /// The paths that lead to the directory, as changes name it: more than one where a link does.
        var paths: Set<BytePath> = []
        /// Entries of the directory that lead to the root: where one changes, another directory may be the root.
        var ways: Set<BytePath> = []

        var isIdle: Bool { paths.isEmpty && ways.isEmpty }
    }

    private struct State {
        var rootPath = FilePath()
        var watched: [CInt: Watched] = [:]
        var descriptors: [BytePath: CInt] = [:]
        /// Why directories, or the entries that lead to the root, are not watched.
        var problem: String?
        var problemOfWays: String?
        var pending = SourceChange()
    }

    /// One element or more whenever ``take()`` has something to give; it ends with the watcher.
    package let signals: AsyncStream<Void>

    private let signal: AsyncStream<Void>.Continuation
    private let state: Mutex<State>
    private let descriptor: CInt
    /// An eventfd: once something is written to it, nothing is watched any more.
    private let end: CInt

    private init(descriptor: CInt, problem: String?) {
        (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        state = Mutex(State(problem: problem))
        self.descriptor = descriptor
        let end = eventfd(0, CInt(EFD_CLOEXEC))
        self.end = end
        guard descriptor >= 0 else { return }
        // A thread of its own, as Dispatch's sources break on Linux where many of them come and go
        // (swift-corelibs-libdispatch, issue 949).
        DispatchQueue(label: "cube.directory-watcher").async { [weak self] in
            while Self.waitForEvents(descriptor, end) { self?.readEvents() }
            close(descriptor)
            close(end)
        }
    }

    /// A watcher that watches nothing yet. Where the system has no inotify instance left, it says so as a ``problem``.
    package static func make() -> DirectoryWatcher {
        let descriptor = inotify_init1(CInt(IN_NONBLOCK | IN_CLOEXEC))
        guard descriptor < 0 else { return DirectoryWatcher(descriptor: descriptor, problem: nil) }
        return DirectoryWatcher(descriptor: -1, problem: problem(of: errno))
    }

    deinit {
        if descriptor >= 0 { eventfd_write(end, 1) } else { close(end) }
        signal.finish()
    }

    /// - Returns: whether there are events; otherwise the end has come.
    private static func waitForEvents(_ descriptor: CInt, _ end: CInt) -> Bool {
        var ready = [descriptor, end].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        while poll(&ready, 2, -1) < 0, errno == EINTR {}
        return ready[1].revents == 0
    }

    /// Why changes are not seen as they happen; `nil` while they are.
    package var problem: String? { state.withLock { $0.problem ?? $0.problemOfWays } }

    /// What changed since the last call.
    package func take() -> SourceChange {
        state.withLock { state in
            defer { state.pending = SourceChange() }
            return state.pending
        }
    }

    /// Watches no directory any more and begins anew with another root. The entries that lead to the root stay watched: they are
    /// what tells of another one, also where there is none now.
    ///
    /// - Parameter path: the root, without any link where there is one.
    package func start(root path: FilePath) {
        guard descriptor >= 0 else { return }
        state.withLock { state in
            for watch in state.watched.keys { state.watched[watch]?.paths = [] }
            dropIdle(&state)
            state.descriptors = [:]
            state.problem = nil
            state.rootPath = path
        }
    }

    /// Watches the entries that lead to the root, instead of those that were watched before: directories and links, by their
    /// paths, of which only the last component may be a link.
    package func watch(waysToRoot ways: Set<BytePath>) {
        guard descriptor >= 0 else { return }
        state.withLock { state in
            state.problemOfWays = nil
            var watched: [CInt: Set<BytePath>] = [:]
            for (directory, ways) in Dictionary(grouping: ways, by: \.splittingLastEntry.directory) {
                let mask = UInt32(IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR | IN_MASK_ADD)
                let place: BytePath = directory.isRoot ? "." : directory
                let watch = place.withCString { inotify_add_watch(descriptor, $0, mask) }
                // One that is gone or closed to us is told by whoever looks.
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

    private func dropIdle(_ state: inout State) {
        for (watch, known) in state.watched where known.isIdle { drop(watch, &state) }
    }

    private func drop(_ watch: CInt, _ state: inout State) {
        state.watched[watch] = nil
        inotify_rm_watch(descriptor, watch)
    }

    /// Watches a directory; to be called before it is listed, so that nothing is missed.
    ///
    /// - Parameters:
    ///   - directory: its path, as the changes will name it.
    ///   - realPath: the same without a link.
    package func watch(_ directory: BytePath, at realPath: BytePath) {
        guard descriptor >= 0 else { return }
        state.withLock { state in
            let path =
                realPath.isAbsolute
                ? FilePath(realPath) : realPath.isRoot ? state.rootPath : state.rootPath.appending(realPath)
            let watch = path.withPlatformString { inotify_add_watch(descriptor, $0, mask) }
            guard watch >= 0 else {
                // One that is gone or closed to us is told by its listing.
                if errno == ENOSPC || errno == ENOMEM { state.problem = Self.problem(of: errno) }
                return
            }
            if let former = state.descriptors[directory], former != watch { release(former, directory, &state) }
            state.descriptors[directory] = watch
            state.watched[watch, default: Watched()].paths.insert(directory)
        }
    }

    /// Watches a directory that is gone no longer.
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
            let change = buffer.withUnsafeBytes { bytes in
                state.withLock { state in Self.change(UnsafeRawBufferPointer(rebasing: bytes[..<count]), &state) }
            }
            guard change != SourceChange() else { continue }
            state.withLock { $0.pending.merge(change) }
            signal.yield()
        }
    }

    private static func change(_ bytes: UnsafeRawBufferPointer, _ state: inout State) -> SourceChange {
        let header = MemoryLayout<inotify_event>.size
        var change = SourceChange()
        var offset = 0
        while offset + header <= bytes.count {
            let event = bytes.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
            let name = bytes[(offset + header)..<(offset + header + Int(event.len))].prefix { $0 != 0 }
            offset += header + Int(event.len)
            change.merge(Self.change(event, name: BytePath(name), &state))
        }
        return change
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
        // Of the root itself nobody else tells.
        if mask & IN_UNMOUNT != 0 || isWay || (name.isRoot && watched.paths.contains(.root)) {
            return SourceChange(everything: true)
        }
        return SourceChange(entries: name.isRoot ? watched.paths : Set(watched.paths.map { $0.appending(name) }))
    }

    private static func problem(of error: CInt) -> String {
        switch error {
        case EMFILE: "no inotify instance is left (fs.inotify.max_user_instances)"
        case ENOSPC: "no inotify watch is left (fs.inotify.max_user_watches)"
        default: "inotify: \(Errno(rawValue: error))"
        }
    }
}

private let mask = UInt32(
    IN_CREATE | IN_CLOSE_WRITE | IN_MODIFY | IN_ATTRIB | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_DELETE_SELF
        | IN_MOVE_SELF | IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK)
