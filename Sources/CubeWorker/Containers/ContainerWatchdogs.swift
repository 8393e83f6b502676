import CubeErrors
import CubeSystem
import Glibc
import Synchronization

/// The watchdogs of the containers of exclusive tasks: processes that outlive this worker, and kill a container when the lease of its
/// run ends, even if neither this worker nor the engine is running then.
final class ContainerWatchdogs: Sendable {
    private let supervisor: String
    private let state = Mutex(State())

    /// What is known of watchdogs, by the directory of the run.
    private struct State {
        var children: [String: ProcessDescriptor] = [:]
        /// The processes that have been told to end, and may hold the lock of their run for a moment longer.
        var dismissed: [String: pid_t] = [:]
    }

    /// - Parameter supervisor: the path of `cube-supervisor`.
    init(supervisor: String) { self.supervisor = supervisor }

    /// Whether a run has a watchdog.
    func isWatching(_ run: RunDirectory) throws -> Bool { try watchdog(of: run) != nil }

    private func watchdog(of run: RunDirectory) throws -> ProcessDescriptor? {
        guard let watchdog = try run.watchdog() else { return nil }
        return state.withLock { $0.dismissed[run.path] != watchdog.id } ? watchdog : nil
    }

    /// Starts the watchdog of a run unless it has one. The file with the lease exists already.
    ///
    /// - Parameter container: the ID of the container.
    /// - Returns: the new process, which watches as soon as it has the lock of the run; `nil` if the run had a watchdog.
    @discardableResult
    func begin(for run: RunDirectory, _ container: String) throws -> Spawned? {
        guard try !isWatching(run) else { return nil }
        let spawned = try Spawned(supervisor, ["watch", run.path, container])
        state.withLock { state in
            state.children[run.path] = spawned.process
            // The kernel reuses the ID of a process that has ended.
            if state.dismissed[run.path] == spawned.process.id { state.dismissed[run.path] = nil }
        }
        return spawned
    }

    /// Starts the watchdog of a container that is about to start unless it has one, and waits until it watches.
    ///
    /// - Throws: `unavailable` if it does not watch.
    func start(for run: RunDirectory, _ container: String) async throws {
        if let watchdog = try watchdog(of: run), ProcessTable.strings("cmdline", of: watchdog.id).last != container {
            // It watches an earlier container of this run, which someone removed before it started.
            try await dismiss(run)?.end()
        }
        guard let spawned = try begin(for: run, container) else { return }
        let words = try await spawned.errorOutput()
        guard words.isEmpty, try isWatching(run) else {
            throw APIError(.unavailable, "the watchdog did not start: \(words.isEmpty ? "it gave no reason" : words)")
        }
    }

    /// Dismisses the watchdog of a run that has ended, or that may last without a limit.
    ///
    /// - Returns: its process, which has to be waited for; `nil` if there is none.
    func dismiss(_ run: RunDirectory) throws -> ProcessDescriptor? {
        let child = state.withLock { $0.children.removeValue(forKey: run.path) }
        guard let watchdog = try watchdog(of: run) ?? child else { return nil }
        try watchdog.signal(SIGTERM)
        state.withLock { $0.dismissed[run.path] = watchdog.id }
        return watchdog
    }

    /// Forgets a run whose directory is removed.
    func forget(_ run: RunDirectory) { state.withLock { $0.dismissed[run.path] = nil } }
}

/// The processes of a container, as the kernel of this machine sees them.
enum ContainerProcess {
    /// Whether a process belongs to a container on this machine, by the name of its control group. The processes of an engine in a
    /// virtual machine do not, whatever their IDs are.
    ///
    /// - Returns: `nil` if there is no such process.
    static func isVisible(_ process: Int32, of container: String) throws -> Bool? {
        guard let groups = try LocalFiles.read("/proc/\(process)/cgroup") else { return nil }
        return String(decoding: groups, as: UTF8.self).contains(container)
    }
}
