import Glibc
import SystemPackage

/// A connection to a port of this machine.
///
/// A check asks one question and wants the first line of the answer, under a deadline: no pool, redirect or retry of an HTTP
/// client is of use for that, so these few calls are all there is. They wait without a thread.
struct LoopbackConnection: ~Copyable {
    private let socket: Int32

    deinit { close(socket) }

    private init(socket: Int32) { self.socket = socket }

    /// Connects to a port at 127.0.0.1, and at ::1 where nobody listens there.
    ///
    /// - Throws: `Errno`, of the first address; `CancellationError`.
    static func open(port: Int) async throws -> LoopbackConnection {
        do {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(port).bigEndian
            address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
            return try await connect(AF_INET, address)
        } catch Errno.connectionRefused {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = in_port_t(port).bigEndian
            address.sin6_addr = in6addr_loopback
            do {
                return try await connect(AF_INET6, address)
            } catch is Errno {
                throw Errno.connectionRefused
            }
        }
    }

    private static func connect<Address>(_ family: Int32, _ address: Address) async throws -> LoopbackConnection {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = Glibc.socket(family, type, 0)
        guard descriptor >= 0 else { throw Errno(rawValue: errno) }
        let connection = LoopbackConnection(socket: descriptor)
        let result = withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<Address>.size))
            }
        }
        if result != 0 {
            guard errno == EINPROGRESS else { throw Errno(rawValue: errno) }
            try await Readiness.shared.wait(for: descriptor, .output)
            var failure: Int32 = 0
            var size = socklen_t(MemoryLayout<Int32>.size)
            getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &failure, &size)
            guard failure == 0 else { throw Errno(rawValue: failure) }
        }
        return connection
    }

    func send(_ text: String) async throws {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            // MSG_NOSIGNAL: that the other side closed is an error here, not a signal to the worker.
            let count = rest.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else {
                try await wait(.output)
            }
        }
    }

    /// The first line of what the other side says, without its end; all of it where it closes before.
    func firstLine(limit: Int) async throws -> String {
        var bytes: [UInt8] = []
        while bytes.count < limit, !bytes.contains(UInt8(ascii: "\n")) {
            var chunk = [UInt8](repeating: 0, count: 512)
            let count = recv(socket, &chunk, chunk.count, 0)
            if count == 0 { break }
            if count > 0 {
                bytes += chunk[..<count]
            } else {
                try await wait(.input)
            }
        }
        let line = bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        return String(decoding: line, as: UTF8.self)
    }

    /// After a call that answered -1.
    private func wait(_ event: Readiness.Event) async throws {
        guard errno == EAGAIN || errno == EINTR else { throw Errno(rawValue: errno) }
        try await Readiness.shared.wait(for: socket, event)
    }
}
