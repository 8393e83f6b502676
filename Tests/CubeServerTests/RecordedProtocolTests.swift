import CubeErrors
import CubeManager
import CubeTransport
import CubeTypes
import CubeWorker
import FoundationEssentials
import NIOHTTP1
import Synchronization
import Testing

@testable import CubeServer

/// Manager, workers and clients of neighbouring minor versions work together: the servers of this version answer the requests that an
/// earlier version sent, and its clients read the responses that an earlier version sent.
///
/// Each file in `Protocol` holds what a version sent, for one kind of server; it never changes. `CUBE_RECORD_PROTOCOL=VERSION`
/// records the calls of this version, once before it is released.
@Suite("Recorded protocols", .serialized)
struct RecordedProtocolTests {
    /// A request and its response, as they were on the wire.
    struct Exchange: Codable, Sendable {
        var method: String
        var target: String
        var request: String?
        var status: Int
        var answer: String
    }

    /// The exchanges of each call, by the name of its row. The second row with the same name is `NAME#2`.
    typealias Recording = [String: [Exchange]]

    private static let versions = ["0.1"]
    private static let directory =
        String(#filePath.dropLast("RecordedProtocolTests.swift".count)) + "Protocol"

    /// Calls of which no recording is replayed: their responses are a document, a file or text and not part of the protocol.
    private static let unrecorded: Set<String> = ["/openapi.json", "/metrics", "backup"]
    /// Calls whose requests name something that the call itself has just created, which differs each time.
    private static let unrepeatable: Set<String> = ["execOutput", "execInput", "resizeExec", "endExec"]

    @Test(arguments: versions)
    func `a manager answers the requests of an earlier version`(version: String) async throws {
        try await checkRequests(of: ManagerService.self, version)
    }

    @Test(arguments: versions)
    func `a worker answers the requests of an earlier version`(version: String) async throws {
        try await checkRequests(of: WorkerService.self, version)
    }

    @Test(arguments: versions)
    func `clients read the responses of an earlier manager`(version: String) async throws {
        try await checkAnswers(of: ManagerService.self, version)
    }

    @Test(arguments: versions)
    func `clients read the responses of an earlier worker`(version: String) async throws {
        try await checkAnswers(of: WorkerService.self, version)
    }

    @Test(.enabled(if: ProcessInfo.processInfo.environment["CUBE_RECORD_PROTOCOL"] != nil, "records a new version"))
    func record() async throws {
        let version = try #require(ProcessInfo.processInfo.environment["CUBE_RECORD_PROTOCOL"])
        try await record(ManagerService.self, version)
        try await record(WorkerService.self, version)
    }

    // MARK: Rows

    private func rows<Server: CalledServer>(of server: Server.Type) -> [(key: String, call: ClientCall<Server>)] {
        var counts: [String: Int] = [:]
        return Server.calls.filter { !Self.unrecorded.contains($0.name) }.map { call in
            counts[call.name, default: 0] += 1
            let number = counts[call.name]!
            return (number == 1 ? call.name : "\(call.name)#\(number)", call)
        }
    }

    private func file<Server: CalledServer>(of server: Server.Type, _ version: String) -> URL {
        URL(fileURLWithPath: "\(Self.directory)/\(version)-\(server).json")
    }

    private func recorded<Server: CalledServer>(
        _ server: Server.Type, _ version: String
    ) throws -> [(call: ClientCall<Server>, exchanges: [Exchange])] {
        let recording = try JSONDecoder().decode(Recording.self, from: Data(contentsOf: file(of: server, version)))
        let rows = rows(of: server)
        #expect(Set(recording.keys).subtracting(rows.map(\.key)) == [], "recorded calls that no longer have a row")
        return rows.compactMap { key, call in recording[key].map { (call, $0) } }
    }

    // MARK: Requests

    private func checkRequests<Server: CalledServer>(of server: Server.Type, _ version: String) async throws {
        let recorded = try recorded(server, version).filter { !Self.unrepeatable.contains($0.call.name) }
        #expect(recorded.count > 10)
        for (call, exchanges) in recorded {
            try await Server.run { server, endpoint in
                try await call.prepare(server)
                for exchange in exchanges {
                    let answer = try await ask(
                        HTTPMethod(rawValue: exchange.method), endpoint, exchange.target, token: call.role,
                        // Also without a body: it tells a call of Cube from one of a web page.
                        headers: exchange.method == "GET" ? [:] : ["Content-Type": "application/json"],
                        body: exchange.request)
                    #expect(
                        answer.status == exchange.status,
                        "\(call.name): \(exchange.method) \(exchange.target): \(String(decoding: answer.body, as: UTF8.self))"
                    )
                }
            }
        }
    }

    // MARK: Responses

    /// Answers with the recorded responses, in their order.
    private final class Replay: Wire {
        let name = "recording"
        private let rest: Mutex<ArraySlice<Exchange>>

        init(_ exchanges: [Exchange]) { rest = Mutex(exchanges[...]) }

        func exchange(_ request: WireRequest) async throws -> WireAnswer {
            guard let next = rest.withLock({ $0.popFirst() }) else {
                throw WireError(APIError(.unavailable, "the recording has no further response"))
            }
            #expect(next.method == request.method)
            let (body, end) = AsyncStream.makeStream(of: [UInt8].self)
            end.yield(Array(next.answer.utf8))
            end.finish()
            return WireAnswer(
                status: next.status, headers: [("content-type", "application/json")], body: ByteStream(body),
                origin: name)
        }
    }

    private func checkAnswers<Server: CalledServer>(of server: Server.Type, _ version: String) async throws {
        let recorded = try recorded(server, version)
        #expect(recorded.count > 10)
        for (call, exchanges) in recorded {
            try await Server.run { server, _ in
                try await call.prepare(server)
                let client = Server.client(Replay(exchanges), token: tokens[call.role], options: quiet, clock: nil)
                await #expect(throws: Never.self, "\(call.name)") { try await call.make(client, server) }
            }
        }
    }

    // MARK: Recording

    /// Passes requests on, and records them with their responses.
    private final class Recorder: Wire {
        private let wire: any Wire
        private let done = Mutex<[Exchange]>([])
        var name: String { wire.name }
        var exchanges: [Exchange] { done.withLock { $0 } }

        init(_ wire: any Wire) { self.wire = wire }

        func exchange(_ request: WireRequest) async throws -> WireAnswer {
            var answer = try await wire.exchange(request)
            var bytes: [UInt8] = []
            for try await piece in answer.body { bytes += piece }
            let exchange = Exchange(
                method: request.method, target: request.target,
                request: request.body.map { String(decoding: $0, as: UTF8.self) }, status: answer.status,
                answer: String(decoding: bytes, as: UTF8.self))
            done.withLock { $0.append(exchange) }
            let (body, end) = AsyncStream.makeStream(of: [UInt8].self)
            end.yield(bytes)
            end.finish()
            answer.body = ByteStream(body)
            return answer
        }
    }

    private func record<Server: CalledServer>(_ server: Server.Type, _ version: String) async throws {
        var recording: Recording = [:]
        // A call that follows without end has no complete response.
        for (key, call) in rows(of: server) where !call.isPatient {
            try await Server.run { server, endpoint in
                try await call.prepare(server)
                let wire = Recorder(NetworkWire(endpoint, options: quiet))
                try await call.make(Server.client(wire, token: tokens[call.role], options: quiet, clock: nil), server)
                recording[key] = wire.exchanges
            }
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try FileManager.default.createDirectory(atPath: Self.directory, withIntermediateDirectories: true)
        try encoder.encode(recording).write(to: file(of: server, version))
    }
}
