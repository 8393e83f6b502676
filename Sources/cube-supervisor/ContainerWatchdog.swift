import CubeLinux
import Glibc

/// Kills a container when the lease of its run ends, whether or not a worker or the engine is still running.
///
/// Docker and Podman name the control group of a container after its ID, so the kernel says which processes belong to it. A start that
/// the engine has accepted cannot be taken back, so the watchdog continues to search for a container that has not started yet.
struct ContainerWatchdog {
    private let directory: Int32
    private let container: ContainerProcesses
    private let signals = openSignals()
    private var lease: LeaseWatch

    /// How often to search for processes of the container: at first, and later, in milliseconds.
    private static let (eagerTime, eagerPause, pause) = (10_000, 50, 1000)
    /// For how long to search for a container that has not started. No engine takes so long to start one.
    private static let searchTime = 3_600_000

    /// - Parameters:
    ///   - directory: the directory of the run.
    ///   - id: the ID of the container.
    init(in directory: Int32, id: String) {
        self.directory = directory
        container = ContainerProcesses(id: id)
        lease = LeaseWatch(in: directory, isRequired: true)
    }

    /// Whether the lease has ended already.
    mutating func isTooLate() -> Bool { lease.end == nil || lease.hasEnded() }

    /// Returns when the worker says that the watchdog is not needed any more, or when the container has been killed.
    mutating func run() {
        while !lease.hasEnded() {
            if isDismissed(within: lease.limited(-1)) { return }
        }
        // The worker reports the reason. The container is killed even if the file cannot be written.
        close(openat(directory, "lease_lost", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600))
        let end = milliseconds(CLOCK_BOOTTIME)
        var isFound = false
        while true {
            if container.kill() {
                isFound = true
            } else if isFound {
                return
            }
            let time = milliseconds(CLOCK_BOOTTIME) - end
            // The container had ended before its lease, and no worker has come back since then.
            if time > Self.searchTime { return }
            let isEager = isFound || time < Self.eagerTime
            if isDismissed(within: Int32(isEager ? Self.eagerPause : Self.pause)) { return }
        }
    }

    /// Waits, and returns whether the worker dismissed the watchdog by SIGTERM.
    private func isDismissed(within timeout: Int32) -> Bool {
        var polled = pollfd(fd: signals, events: Int16(POLLIN), revents: 0)
        poll(&polled, 1, timeout)
        var signal = signalfd_siginfo()
        var isDismissed = false
        while read(signals, &signal, MemoryLayout<signalfd_siginfo>.size) > 0 {
            if signal.ssi_signo == UInt32(SIGTERM) { isDismissed = true }
        }
        return isDismissed
    }
}

/// The processes of a container, found by its ID in the names of their control groups.
struct ContainerProcesses {
    private let id: [UInt8]
    /// A part of the name of the control group of Podman's monitor, which records the exit code of the container.
    private static let monitor = Array("conmon-".utf8)

    init(id: String) { self.id = Array(id.utf8) }

    /// Kills all processes that belong to the container now.
    ///
    /// - Returns: whether there were any.
    func kill() -> Bool {
        var isFound = false
        for process in ProcessEntry.all() where contains(process) {
            let handle = cube_pidfd_open(process)
            guard handle >= 0 else { continue }
            // The handle might refer to another process that reuses the ID.
            if contains(process) {
                isFound = true
                cube_pidfd_send_signal(handle, SIGKILL)
            }
            close(handle)
        }
        return isFound
    }

    private func contains(_ process: pid_t) -> Bool {
        guard let groups = readAll("/proc/\(process)/cgroup") else { return false }
        let names = groups.split(separator: UInt8(ascii: "\n"))
        return names.contains { Self.has($0, id) && !Self.has($0, Self.monitor) }
            // A process that has ended and is not reaped yet still has its control groups.
            && ProcessEntry(process).map { !$0.hasEnded } ?? false
    }

    /// Whether a line has a part with these bytes.
    private static func has(_ line: ArraySlice<UInt8>, _ part: [UInt8]) -> Bool {
        guard line.count >= part.count else { return false }
        return (line.startIndex...line.endIndex - part.count).contains {
            line[$0..<$0 + part.count].elementsEqual(part)
        }
    }
}
