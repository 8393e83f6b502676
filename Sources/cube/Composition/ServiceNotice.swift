import Glibc
import ServiceLifecycle

/// Signals that a part of the process is ready.
protocol ReadinessSignal: Sendable {
    /// Waits until the part is ready.
    func wait() async throws
}

extension Announcement: ReadinessSignal {
    func wait() async throws { _ = try await value() }
}

/// Notifies the service manager when this process is ready and when it ends, with the protocol of sd_notify(3). Does
/// nothing unless `NOTIFY_SOCKET` is set.
///
/// If the service manager has a watchdog, it also learns regularly that this process still works. The notice is sent from the
/// threads that serve all requests, so a process in which these are blocked is restarted. Its tasks keep running.
struct ServiceNotice: Service {
    /// The parts that must listen before the process is ready.
    let parts: [any ReadinessSignal]

    func run() async throws {
        for part in parts { try await part.wait() }
        Self.send("READY=1")
        if let interval = Self.watchdogInterval(
            limit: Environment.value("WATCHDOG_USEC"), of: Environment.value("WATCHDOG_PID"), own: getpid())
        {
            try await RepeatedWork<Void>(every: interval) { _ in Self.send("WATCHDOG=1") }.run()
        } else {
            try? await gracefulShutdown()  // Cancellation also ends the wait.
        }
        Self.send("STOPPING=1")
    }

    /// Returns how often to notify the watchdog, which is twice within its limit; `nil` if there is none for this process.
    ///
    /// - Parameters:
    ///   - limit: The limit in microseconds, as the service manager writes it.
    ///   - process: The process that the watchdog watches; `nil` for the process that gets the variables.
    static func watchdogInterval(limit: String?, of process: String?, own: pid_t) -> Duration? {
        guard let limit = limit.flatMap({ Int64($0) }), limit > 0, process == nil || process == String(own) else {
            return nil
        }
        return .microseconds(limit) / 2
    }

    /// Sends a datagram to the socket in `NOTIFY_SOCKET`. A name that begins with `@` is in the abstract namespace.
    private static func send(_ message: String) {
        guard let path = Environment.value("NOTIFY_SOCKET") else { return }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
        let length = MemoryLayout<sockaddr_un>.offset(of: \.sun_path)! + bytes.count
        if bytes[0] == UInt8(ascii: "@") { bytes[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        // A failure is ignored: if the service manager does not listen, there is nobody to report it to.
        _ = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                sendto(
                    descriptor, message, message.utf8.count, Int32(MSG_NOSIGNAL), pointer, socklen_t(length))
            }
        }
    }
}
