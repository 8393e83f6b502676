import ArgumentParser
import CubeSystem
import Dispatch
import Glibc
import Synchronization

/// Sends requests that were encoded before over a number of connections of 127.0.0.1, each of which waits for an answer before
/// it sends the next request.
///
/// A thread for each connection, with plain system calls, so that nearly all of the processor time belongs to the server.
struct RequestLoad {
    var port: Int
    var connections: Int

    struct Result {
        var perSecond: Double
        /// The times of all requests in milliseconds, sorted.
        var times: [Double]
        /// The bytes of the last answer's body.
        var answer: [UInt8]
    }

    /// Sends all requests, distributed over the connections.
    ///
    /// - Throws: `ValidationError` if an answer has another status than 200 or 201.
    func send(_ requests: [[UInt8]]) throws -> Result {
        let results = Mutex<(times: [Double], answer: [UInt8], problem: String?)>(([], [], nil))
        let next = Atomic(0)
        let sockets = try (0..<connections).map { _ in try Self.connected(to: port) }
        let start = ContinuousClock.now
        let group = DispatchGroup()
        for socket in sockets {
            // One queue each, so that each connection has a thread.
            DispatchQueue(label: "cube-bench-connection").async(group: group) {
                var connection = Connection(socket: socket)
                var times: [Double] = []
                while true {
                    let index = next.add(1, ordering: .relaxed).oldValue
                    guard index < requests.count else { break }
                    let begin = ContinuousClock.now
                    if let problem = connection.send(requests[index]) {
                        results.withLock { $0.problem = problem }
                        break
                    }
                    times.append((ContinuousClock.now - begin) / .milliseconds(1))
                }
                close(socket)
                results.withLock { results in
                    results.times += times
                    if !connection.answer.isEmpty { results.answer = connection.answer }
                }
            }
        }
        group.wait()
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let result = results.withLock { $0 }
        if let problem = result.problem { throw ValidationError(problem) }
        return Result(
            perSecond: Double(requests.count) / seconds, times: result.times.sorted(), answer: result.answer)
    }

    private static func connected(to port: Int) throws -> CInt {
        let client = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(client, $0, length) }
        }
        guard result == 0 else { throw ValidationError("cannot connect to port \(port)") }
        var isOn: CInt = 1
        setsockopt(client, CInt(IPPROTO_TCP), TCP_NODELAY, &isOn, socklen_t(MemoryLayout<CInt>.size))
        return client
    }
}

/// A connection of HTTP/1.1 whose answers have a `Content-Length`.
private struct Connection {
    let socket: CInt
    private(set) var answer: [UInt8] = []
    private var buffer = [UInt8](repeating: 0, count: 1 << 22)

    init(socket: CInt) { self.socket = socket }

    /// Sends a request and reads its answer.
    ///
    /// - Returns: what is wrong with the answer.
    mutating func send(_ request: [UInt8]) -> String? {
        var sent = 0
        while sent < request.count {
            let count = request.withUnsafeBytes { write(socket, $0.baseAddress! + sent, request.count - sent) }
            guard count > 0 else { return "the server closed the connection" }
            sent += count
        }
        var length = 0
        while true {
            let count = buffer.withUnsafeMutableBytes { read(socket, $0.baseAddress! + length, $0.count - length) }
            guard count > 0 else { return "the server closed the connection" }
            length += count
            guard let end = headEnd(upTo: length) else { continue }
            let head = String(decoding: buffer[..<end], as: UTF8.self)
            let fields = head.lowercased().split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
            guard let body = fields.flatMap({ Int($0.dropFirst(15).filter { $0 != " " }) }) else {
                return "an answer has no Content-Length: \(head)"
            }
            while length < end + 4 + body {
                let count = buffer.withUnsafeMutableBytes { read(socket, $0.baseAddress! + length, $0.count - length) }
                guard count > 0 else { return "the server closed the connection" }
                length += count
            }
            answer = Array(buffer[(end + 4)..<length])
            guard head.hasPrefix("HTTP/1.1 200") || head.hasPrefix("HTTP/1.1 201") else {
                return "\(head)\n\n\(String(decoding: answer, as: UTF8.self))"
            }
            return nil
        }
    }

    /// The offset of the empty line after the head.
    private func headEnd(upTo length: Int) -> Int? {
        guard length >= 4 else { return nil }
        return (0...(length - 4)).first {
            buffer[$0] == 13 && buffer[$0 + 1] == 10 && buffer[$0 + 2] == 13 && buffer[$0 + 3] == 10
        }
    }
}

/// Encodes requests of HTTP/1.1.
struct RequestForm {
    var token: String

    func get(_ path: String) -> [UInt8] { Array((head("GET", path) + "\r\n").utf8) }

    func post(_ path: String, _ body: [UInt8]) -> [UInt8] {
        Array((head("POST", path) + "Content-Type: application/json\r\nContent-Length: \(body.count)\r\n\r\n").utf8)
            + body
    }

    private func head(_ method: String, _ path: String) -> String {
        "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer \(token)\r\n"
    }
}
