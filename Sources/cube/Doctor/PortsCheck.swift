import Glibc

/// Loopback must work, because the parts of Cube communicate over it. The standard ports matter only to `cube manager`
/// and `cube worker`.
struct PortsCheck: Check {
    /// Whether a port on 127.0.0.1 is usable, and which of the standard ports are in use.
    var hasLoopback: Bool
    var taken: [UInt16]

    let title = "ports"
    var verdict: Verdict {
        guard hasLoopback else {
            return .bad("no port on 127.0.0.1 is usable", hint: "bring up loopback with `ip link set lo up`")
        }
        guard taken.isEmpty else {
            return .warning(
                "in use on 127.0.0.1: \(taken.map(String.init).joined(separator: ", "))",
                hint: "`cube up` picks free ports; for `cube manager` and `cube worker`, set --listen")
        }
        return .good("8080 and 8081 are free on 127.0.0.1")
    }

    static func measure() -> PortsCheck {
        PortsCheck(hasLoopback: isReachable, taken: [8080, 8081].filter { !isFree($0) })
    }

    /// Whether a connection to a local port succeeds. Binding alone proves nothing, as it works even if loopback is
    /// down.
    private static var isReachable: Bool {
        withSocket(boundTo: 0) { server in
            var address = sockaddr_in()
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            return withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    guard listen(server, 1) == 0, getsockname(server, address, &length) == 0 else { return false }
                    let client = Glibc.socket(AF_INET, streamSocket, 0)
                    guard client >= 0 else { return false }
                    defer { close(client) }
                    return connect(client, address, length) == 0
                }
            }
        } ?? false
    }

    private static func isFree(_ port: UInt16) -> Bool { withSocket(boundTo: port) { _ in true } ?? false }

    private static let streamSocket = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)

    /// - Returns: `nil` if the port on 127.0.0.1 cannot be bound.
    private static func withSocket(boundTo port: UInt16, _ body: (Int32) -> Bool) -> Bool? {
        let socket = Glibc.socket(AF_INET, streamSocket, 0)
        guard socket >= 0 else { return nil }
        defer { close(socket) }
        // As in the servers, so that a port in TIME_WAIT counts as free.
        var reuse: Int32 = 1
        setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let isBound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        return isBound ? body(socket) : nil
    }
}
