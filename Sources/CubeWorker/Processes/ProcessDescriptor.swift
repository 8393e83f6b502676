import CubeLinux
import Glibc
import SystemPackage

/// A handle of one process (a pidfd), which stays valid when the kernel reuses the process ID.
final class ProcessDescriptor: Sendable {
    let id: pid_t
    private let descriptor: Int32

    /// - Returns: `nil` if there is no such process.
    init?(_ id: pid_t) throws {
        self.id = id
        descriptor = cube_pidfd_open(id)
        if descriptor < 0 {
            if errno == ESRCH || errno == EINVAL { return nil }
            throw Errno(rawValue: errno)
        }
    }

    deinit { close(descriptor) }

    /// Sends a signal. Signalling a process that has ended is not an error.
    func signal(_ signal: Int32) throws {
        guard cube_pidfd_send_signal(descriptor, signal) == 0 || errno == ESRCH else {
            throw Errno(rawValue: errno)
        }
    }

    /// Waits until the process has ended, without blocking a thread: its descriptor becomes readable.
    ///
    /// - Throws: `CancellationError`.
    func end() async throws {
        try await Readiness.shared.wait(for: descriptor)
        // A child of this worker would stay as a zombie. The child of an earlier worker is reaped by init.
        cube_pidfd_reap(descriptor)
    }
}
