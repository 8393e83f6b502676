import CubeLinux
import Glibc
import SystemPackage

/// A process, whatever its number means later.
final class ProcessDescriptor: Sendable {
    let id: pid_t
    private let descriptor: Int32

    /// - Returns: `nil` where there is no such process.
    init?(_ id: pid_t) throws {
        self.id = id
        descriptor = cube_pidfd_open(id)
        if descriptor < 0 {
            if errno == ESRCH || errno == EINVAL { return nil }
            throw Errno(rawValue: errno)
        }
    }

    deinit { close(descriptor) }

    /// A process that has ended is no error.
    func signal(_ signal: Int32) throws {
        guard cube_pidfd_send_signal(descriptor, signal) == 0 || errno == ESRCH else {
            throw Errno(rawValue: errno)
        }
    }

    /// Waits until it has ended. No thread waits with it: the descriptor becomes readable.
    ///
    /// - Throws: `CancellationError`.
    func end() async throws {
        try await Readiness.shared.wait(for: descriptor)
        // A child of this worker would stay as a zombie; one that an earlier worker started is reaped by init.
        cube_pidfd_reap(descriptor)
    }
}
