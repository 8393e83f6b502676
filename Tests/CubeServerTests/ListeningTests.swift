import CubeErrors
import CubeTypes
import FoundationEssentials
import Glibc
import HTTPTypes
import Hummingbird
import SystemPackage
import Testing

@testable import CubeServer
@testable import CubeTransport

/// A separate directory for each test, which is deleted with it.
final class TemporaryDirectory: Sendable {
    let path: String
    init() throws {
        var template = Array("/tmp/cube-XXXXXX\0".utf8CString)
        guard mkdtemp(&template) != nil else { throw NotListening() }
        path = String(decoding: template.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }  // A leftover does no harm.
}

@Suite("Listening", .timeLimit(.minutes(1)))
struct ListeningTests {
    let routes = [
        Route(.get, "/open", .everybody) { _ in try .json(["status": "ok"]) },
        Route(.post, "/closed", .worker) { call in try .json(["role": call.role?.rawValue]) },
    ]

    @Test(arguments: [
        ("127.0.0.1:0", true), ("127.0.0.2:80", true), ("localhost:8081", true), ("[::1]:1", true),
        ("unix:/tmp/x", true),
        ("0.0.0.0:8081", false), ("[::]:8081", false), ("10.0.0.1:1", false), ("example.org:1", false),
    ])
    func `an address that other machines can reach requires TLS or insecure`(text: String, alone: Bool) throws {
        let address = try #require(Endpoint.Address(text))
        _ = try ServerOptions(listen: address, insecure: true, tokens: tokens)
        if alone {
            _ = try ServerOptions(listen: address, tokens: tokens)
        } else {
            let error = #expect(throws: APIError.self) { try ServerOptions(listen: address, tokens: tokens) }
            #expect(error?.fields.first?.field == "listen")
        }
    }

    @Test func `a port that is in use is reported`() async throws {
        try await withRoutes(routes) { endpoint, _ in
            let error = await #expect(throws: APIError.self) {
                try await withRoutes(routes, on: endpoint.address) { _, _ in }
            }
            #expect(error?.reason == .locked)
        }
    }

    @Test func `a Unix socket is accessible only to its owner and requires no token`() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/a socket"
        try await withRoutes(routes, on: .unix(path: path)) { endpoint, _ in
            #expect(try FilePath(path).stat().permissions.rawValue == 0o600)
            #expect(endpoint.rawValue == "unix:\(path)")
            let transport = HTTPTransport(endpoint: endpoint, token: nil, options: quiet)
            let answer: [String: String?] = try await transport.send(TransportRequest(.post, ["closed"], body: [1]))
            #expect(answer == ["role": nil])

            let error = await #expect(throws: APIError.self) {
                try await withRoutes(routes, on: .unix(path: path)) { _, _ in }
            }
            #expect(error?.reason == .locked)
            try await transport.send(TransportRequest(.get, ["open"]))
        }
    }

    @Test func `a stale socket is replaced, and any other file is not`() async throws {
        let directory = try TemporaryDirectory()
        let stale = directory.path + "/stale"
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: stale.utf8) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        #expect(bound == 0)
        close(descriptor)
        try await withRoutes(routes, on: .unix(path: stale)) { endpoint, _ in
            try await HTTPTransport(endpoint: endpoint, token: nil, options: quiet)
                .send(TransportRequest(.get, ["open"]))
        }

        let file = directory.path + "/file"
        try Data("precious".utf8).write(to: URL(filePath: file))
        let error = await #expect(throws: APIError.self) {
            try await withRoutes(routes, on: .unix(path: file)) { _, _ in }
        }
        #expect(error?.reason == .conflict)
        #expect(try Data(contentsOf: URL(filePath: file)) == Data("precious".utf8))
    }

    @Test func `tokens are created once and are readable only by their owner`() throws {
        let temporary = try TemporaryDirectory()
        let directory = temporary.path + "/tokens"
        let made = try TokenSet.loadOrCreate(directory: directory)
        for role in TokenSet.Role.allCases {
            let token = try #require(made[role])
            #expect(token.wholeMatch(of: /[0-9a-f]{64}/) != nil)
            #expect(try TokenSet.loadOrCreate(directory: directory)[role] == token)
            #expect(try TokenSet.load(directory: directory)[role] == token)
            #expect(try FilePath("\(directory)/\(role.rawValue)").stat().permissions.rawValue == 0o600)
            #expect(!"\(made)".contains(token))
        }
        #expect(Set(TokenSet.Role.allCases.map { made[$0] }).count == 3)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory).sorted() == ["read", "worker", "write"])

        chmod("\(directory)/read", 0o640)
        #expect(throws: APIError.self) { try TokenSet.load(directory: directory) }
        chmod("\(directory)/read", 0o600)
        try Data("short".utf8).write(to: URL(filePath: "\(directory)/read"))
        chmod("\(directory)/read", 0o600)
        #expect(throws: APIError.self) { try TokenSet.load(directory: directory) }
    }
}
