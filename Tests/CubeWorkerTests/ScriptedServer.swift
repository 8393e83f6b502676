import Foundation
import Glibc
import Testing

/// A server that sends a scripted response on its first connection and observes how the client closes it.
///
/// The type is unchecked because the compiler does not see that `lock` guards `state`, the only mutable property.
final class ScriptedServer: @unchecked Sendable {
    let port: Int
    private let socket: Int32
    private let lock = NSLock()
    private var state = (request: "", sent: 0, leftPolitely: Bool?.none)
    private let done = DispatchSemaphore(value: 0)

    /// - Parameters:
    ///   - address: an address of 127.0.0.0/8.
    ///   - parts: the parts of the response, sent one after the other; if `endless` is set, the last part is repeated.
    ///   - listens: whether the server waits for a request first.
    ///   - closes: whether the server closes the connection after the last part.
    init(
        at address: String = "127.0.0.1", _ parts: [String], endless: Bool = false, listens: Bool = true,
        closes: Bool = true
    ) throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        inet_pton(AF_INET, address, &name.sin_addr)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let socket = socket
        let isBound = withUnsafeMutablePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, size) == 0 && listen(socket, 8) == 0 && getsockname(socket, $0, &size) == 0
            }
        }
        try #require(isBound)
        port = Int(in_port_t(bigEndian: name.sin_port))
        Thread.detachNewThread { [self] in
            serve(parts, endless: endless, listens: listens, closes: closes)
            done.signal()
        }
    }

    private func serve(_ parts: [String], endless: Bool, listens: Bool, closes: Bool) {
        let connection = accept(socket, nil, nil)
        guard connection >= 0 else { return }
        var request = ""
        var chunk = [UInt8](repeating: 0, count: 4096)
        while listens, !request.hasSuffix("\r\n\r\n"), case let count = recv(connection, &chunk, chunk.count, 0),
            count > 0
        {
            request += String(decoding: chunk[..<count], as: UTF8.self)
        }
        lock.withLock { state.request = request }
        var sent = 0
        func send(_ text: String) -> Bool {
            let count = text.withCString { Glibc.send(connection, $0, strlen($0), Int32(MSG_NOSIGNAL)) }
            sent += max(count, 0)
            return count >= 0
        }
        var isAlive = parts.allSatisfy(send)
        while endless, isAlive { isAlive = send(parts.last!) }
        // Everything was sent, so an orderly close by the client appears as end of file rather than as a reset.
        if closes { shutdown(connection, Int32(SHUT_WR)) }
        let end = recv(connection, &chunk, chunk.count, 0)
        lock.withLock {
            state.sent = sent
            state.leftPolitely = isAlive && end == 0
        }
        Glibc.close(connection)
    }

    /// Returns the request after the client has disconnected. Records an issue if the client stays connected for 30 s.
    var outcome: (request: String, sent: Int, leftPolitely: Bool?) {
        if done.wait(timeout: .now() + .seconds(30)) == .success {
            done.signal()
        } else {
            Issue.record("the client of the scripted server on port \(port) has not left within 30 s")
        }
        return lock.withLock { state }
    }

    /// The request, once it was received.
    var request: String { lock.withLock { state.request } }

    func close() {
        shutdown(socket, Int32(SHUT_RDWR))
        Glibc.close(socket)
    }
}
