import CubeErrors
import CubeLinux
import Glibc
import NIOPosix

/// Queries the resolver of the machine. The calls block, so they run on a thread pool. A cancelled query returns immediately.
package enum NameService {
    /// Returns all IPv4 and IPv6 addresses of a host, in the machine's order of preference (RFC 6724).
    ///
    /// - Throws: `unavailable` if the host has no address.
    package static func addresses(of host: String) async throws -> [String] {
        let answer = try await elsewhere { lookUp(host) }
        guard case .success(let addresses) = answer else {
            guard case .failure(let failure) = answer else { return [] }
            throw APIError(.unavailable, "\(host): the host name cannot be resolved (\(failure.words))")
        }
        return addresses
    }

    /// Returns the SRV records of a service, such as `_cube-manager._tcp.example.org`.
    ///
    /// - Parameter port: the port of a name server on this machine; `nil` queries the configured name servers.
    /// - Throws: `unavailable` if the service has no SRV record.
    package static func services(of name: String, port: UInt16? = nil) async throws -> [ServiceRecord] {
        let answer = try await elsewhere { query(name, port: port) }
        switch answer {
        case .failure(let failure):
            throw APIError(.unavailable, "\(name): the SRV records cannot be looked up (\(failure.words))")
        case .success(let bytes):
            do {
                return try ServiceRecord.records(in: bytes)
            } catch {
                throw APIError(.malformedAnswer, "\(name): the response of the name server is malformed")
            }
        }
    }

    private struct Failure: Error {
        var words: String
    }

    private static func lookUp(_ host: String) -> Result<[String], Failure> {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &hints, &list)
        guard code == 0 else { return .failure(Failure(words: String(cString: gai_strerror(code)))) }
        defer { freeaddrinfo(list) }
        var addresses: [String] = []
        var next = list
        while let entry = next {
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            if getnameinfo(
                entry.pointee.ai_addr, entry.pointee.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
                == 0
            {
                let address = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
                if !addresses.contains(address) { addresses.append(address) }
            }
            next = entry.pointee.ai_next
        }
        return .success(addresses)
    }

    private static func query(_ name: String, port: UInt16?) -> Result<[UInt8], Failure> {
        var answer = [UInt8](repeating: 0, count: 1 << 16)
        var problem: Int32 = 0
        let length = cube_query_services(name, &answer, Int32(answer.count), port ?? 0, &problem)
        guard length >= 0 else { return .failure(Failure(words: String(cString: hstrerror(problem)))) }
        return .success(Array(answer.prefix(Int(length))))
    }

    private static func elsewhere<Value: Sendable>(
        _ body: @Sendable @escaping () -> Value
    ) async throws -> Value {
        let (answers, answer) = AsyncStream.makeStream(of: Value.self)
        NIOThreadPool.singleton.submit { _ in
            answer.yield(body())
            answer.finish()
        }
        for await value in answers { return value }
        throw CancellationError()
    }
}
