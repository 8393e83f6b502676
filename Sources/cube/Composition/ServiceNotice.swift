import Glibc
import ServiceLifecycle

/// What is waited for, whatever it is.
protocol Expected: Sendable {
    /// Returns when it is there.
    func arrive() async throws
}

extension Announcement: Expected {
    func arrive() async throws { _ = try await value() }
}

/// Tells the service manager that started this process when it is ready and when it ends, by the protocol of sd_notify(3);
/// does nothing where none asked for it.
struct ServiceNotice: Service {
    /// Told when the parts listen.
    let parts: [any Expected]

    func run() async throws {
        for part in parts { try await part.arrive() }
        Self.send("READY=1")
        try? await gracefulShutdown()  // Cancelled: it ends all the same.
        Self.send("STOPPING=1")
    }

    /// A datagram to the socket that `NOTIFY_SOCKET` names; one that begins with `@` is in the abstract name space.
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
        // Nobody listening is the service manager's own trouble.
        _ = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                sendto(
                    descriptor, message, message.utf8.count, Int32(MSG_NOSIGNAL), pointer, socklen_t(length))
            }
        }
    }
}
