import CubeErrors
import CubeManager
import CubeOrchestratorClient
import CubeServer
import CubeTesting
import CubeTypes
import FoundationEssentials
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import CubeTransport

@Suite("Discovery of managers", .timeLimit(.minutes(1)))
struct DiscoveryTests {
    static func endpoint(_ port: Int) -> Endpoint { Endpoint(.tcp(host: "127.0.0.1", port: port)) }

    // MARK: Names

    /// A response to an SRV query, with a name that points back to the name in the question.
    static func answer(_ question: [UInt8], _ records: [(priority: Int, weight: Int, port: Int, target: [UInt8])])
        -> [UInt8]
    {
        func two(_ number: Int) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 0xFF)] }
        // The header ends at byte 12, where the name in the question begins.
        let end = 12 + question[12...].firstIndex(of: 0)! - 12 + 5
        var bytes = Array(question.prefix(2)) + [0x81, 0x80] + two(1) + two(records.count) + two(0) + two(0)
        bytes += question[12..<end]
        for record in records {
            bytes += [0xC0, 12] + two(33) + two(1) + [0, 0, 0, 60] + two(6 + record.target.count)
            bytes += two(record.priority) + two(record.weight) + two(record.port) + record.target
        }
        return bytes
    }

    static let question: [UInt8] =
        [0xAB, 0xCD, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 5] + Array("_cube".utf8) + [4] + Array("_tcp".utf8) + [1]
        + Array("x".utf8) + [0, 0, 33, 0, 1]

    @Test func `the records of a response are parsed, including compressed names`() throws {
        let bytes = Self.answer(
            Self.question,
            [
                (1, 2, 8081, [1] + Array("a".utf8) + [0xC0, 23]), (0, 0, 80, [0]),
                (3, 4, 5, [2] + Array("bc".utf8) + [0]),
            ])
        #expect(
            try ServiceRecord.records(in: bytes) == [
                ServiceRecord(priority: 1, weight: 2, port: 8081, target: "a.x"),
                ServiceRecord(priority: 3, weight: 4, port: 5, target: "bc"),
            ])
    }

    @Test func `the parser of responses survives arbitrary bytes`() {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(seed: seed)
        let whole = Self.answer(Self.question, [(1, 2, 3, [1, 0x61, 0xC0, 23]), (1, 2, 3, [0xC0, 12])])
        var read = 0
        for _ in 0..<20_000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 0...3, using: &generator) {
                bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            bytes.removeLast(
                Int.random(in: 0...2, using: &generator) * Int.random(in: 0...bytes.count / 2, using: &generator))
            do {
                let records = try ServiceRecord.records(in: bytes)
                #expect(records.allSatisfy { $0.target.utf8.count <= 255 * 3 }, "seed \(seed)")
                read += 1
            } catch {}
        }
        #expect(read > 1000, "seed \(seed)")
        // A name that points to itself.
        #expect(throws: ServiceRecord.Malformed.self) {
            try ServiceRecord.records(in: [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xC0, 12, 0, 33, 0, 1])
        }
    }

    @Test func `records are ordered by priority, and within one priority by weight`() {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(seed: seed)
        let records = [(2, 0, "z"), (1, 90, "a"), (1, 10, "b"), (0, 0, "first")].map {
            ServiceRecord(priority: $0.0, weight: $0.1, port: 1, target: $0.2)
        }
        var firsts: [String: Int] = [:]
        for _ in 0..<1000 {
            let ordered = ServiceRecord.ordered(records, using: &generator).map(\.target)
            #expect(ordered.first == "first" && ordered.last == "z" && Set(ordered).count == 4, "seed \(seed)")
            firsts[ordered[1], default: 0] += 1
        }
        #expect((800...970).contains(firsts["a"] ?? 0), "seed \(seed): \(firsts)")
    }

    @Test func `the records of a service are queried at the name server`() async throws {
        let server = try await DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(NameServer()) }
            }.bind(host: "127.0.0.1", port: 0).get()
        let port = UInt16(server.localAddress!.port!)
        let records = try await NameService.services(of: "_cube._tcp.example", port: port)
        #expect(records == [ServiceRecord(priority: 1, weight: 2, port: 8081, target: "a")])
        let error = await #expect(throws: APIError.self) {
            try await NameService.services(of: "_none._tcp.example", port: port)
        }
        #expect(error?.reason == .unavailable)
        try await server.close()
    }

    /// A name server that knows one service and responds to other queries that the name does not exist.
    private final class NameServer: ChannelInboundHandler {
        typealias InboundIn = AddressedEnvelope<ByteBuffer>
        typealias OutboundOut = AddressedEnvelope<ByteBuffer>

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let envelope = unwrapInboundIn(data)
            let question = Array(envelope.data.readableBytesView)
            let isKnown = question.count > 18 && question[13...17].elementsEqual("_cube".utf8)
            var bytes = DiscoveryTests.answer(question, isKnown ? [(1, 2, 8081, [1, 0x61, 0])] : [])
            if !isKnown { bytes[3] |= 3 }
            context.writeAndFlush(
                wrapOutboundOut(
                    AddressedEnvelope(remoteAddress: envelope.remoteAddress, data: ByteBuffer(bytes: bytes))),
                promise: nil)
        }
    }

    @Test func `a host resolves to its addresses, and an unknown host to none`() async throws {
        #expect(try await NameService.addresses(of: "127.0.0.1") == ["127.0.0.1"])
        #expect(try await HostDiscovery(host: "127.0.0.1", port: 1).managers() == [Self.endpoint(1)])
        await #expect(throws: APIError.self) { try await NameService.addresses(of: "no such host") }
    }

    // MARK: Fail-over

    @Test func `the chosen server stays chosen until it fails or names another one`() {
        let (a, b, c) = (Self.endpoint(1), Self.endpoint(2), Self.endpoint(3))
        var candidates = Candidates()
        candidates.turn(from: a)
        #expect(candidates.chosen == nil)
        candidates.replace(by: [a, b])
        #expect(candidates.chosen == a)
        candidates.turn(from: b)
        #expect(candidates.chosen == a)
        candidates.turn(from: a)
        // Another call failed at the same server.
        candidates.turn(from: a)
        #expect(candidates.chosen == b)
        candidates.replace(by: [a, b, c])
        #expect(candidates.chosen == b)
        candidates.follow(c, told: a)
        #expect(candidates.chosen == b)
        candidates.follow(c, told: b)
        #expect(candidates.chosen == c)
        candidates.turn(from: c)
        #expect(candidates.chosen == a)
        candidates.replace(by: [b])
        #expect(candidates.chosen == b)
    }

    @Test func `the next call goes to the next server, or to the leader`() async throws {
        let asked = Mutex<[String]>([])
        let looks = Mutex(0)
        let wire = FailoverWire(name: "all") {
            looks.withLock { $0 += 1 }
            return [Self.endpoint(1), Self.endpoint(2)]
        } connect: { endpoint in
            Told(name: endpoint.rawValue) { name in
                asked.withLock { $0.append(name) }
                switch name {
                case Self.endpoint(1).rawValue: throw WireError(APIError(.unavailable, "away"), mayHaveArrived: false)
                case Self.endpoint(2).rawValue:
                    return RetryTests.answer(503, [(FailoverWire.leader, Self.endpoint(3).rawValue)], "{}")
                default: return RetryTests.answer(200)
                }
            }
        }
        let transport = HTTPTransport(
            wire: wire, options: ClientOptions(retries: RetryPolicy(base: .zero), logger: silent))
        for _ in 0..<3 { try await transport.send(TransportRequest(.get, ["a"])) }
        #expect(asked.withLock(\.self) == [1, 2, 3, 3, 3].map { Self.endpoint($0).rawValue })
        // Once at the beginning, and once after the first failure.
        #expect(looks.withLock(\.self) == 2)
    }

    @Test func `if discovery fails, the known server stays`() async throws {
        let isBroken = Mutex(false)
        let wire = FailoverWire(name: "all", refresh: .zero) {
            if isBroken.withLock(\.self) { throw APIError(.unavailable, "no name server") }
            return [Self.endpoint(1)]
        } connect: { endpoint in
            Told(name: endpoint.rawValue) { _ in RetryTests.answer(200) }
        }
        let request = WireRequest(method: "GET", target: "/")
        #expect(try await wire.exchange(request).status == 200)
        isBroken.withLock { $0 = true }
        #expect(try await wire.exchange(request).status == 200)
    }

    struct Told: Wire {
        let name: String
        let answer: @Sendable (String) async throws -> WireAnswer
        func exchange(_ request: WireRequest) async throws -> WireAnswer { try await answer(name) }
    }

    // MARK: Addresses from managers

    @Test func `a manager names the other managers, which are called after it fails`() async throws {
        let (first, second, third) = (Self.endpoint(1), Self.endpoint(2), Self.endpoint(3))
        let lists = Mutex([first: [first, second], second: [second, third]])
        let discovery = ManagerListDiscovery(seeds: [first]) { endpoint in
            guard let list = lists.withLock({ $0[endpoint] }) else {
                throw APIError(.unavailable, "\(endpoint) is gone")
            }
            return list
        }
        #expect(try await discovery.managers() == [first, second])
        lists.withLock { $0[first] = nil }
        #expect(try await discovery.managers() == [second, third, first])
        lists.withLock { $0 = [third: []] }
        #expect(try await discovery.managers() == [third, first, second])
        #expect(try await discovery.managers() == [third, first])
        lists.withLock { $0 = [:] }
        let error = await #expect(throws: APIError.self) { try await discovery.managers() }
        #expect(error?.message == "\(first) is gone")
    }

    @Test func `a manager reports its advertised address`() async throws {
        let advertised = Endpoint(rawValue: "http://cube.example:8081")!
        try await ManagerEndpointTests().withManager(options: ManagerOptions(advertised: advertised)) { _, endpoint in
            let discovery = ManagerLocation.cluster(seeds: [endpoint]).discovery(token: tokens[.read], options: quiet)
            let found = try await discovery.managers()
            #expect(found == [endpoint, advertised])
        }
    }

    // MARK: Files and text forms

    @Test func `a file of managers is read at each discovery`() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "managers-\(UUID())").path
        defer { unlinkQuietly(path) }
        let discovery = FileDiscovery(path: path)
        await #expect(throws: APIError.self) { try await discovery.managers() }
        try "# managers\nhttp://127.0.0.1:1 # first\n\n  unix:/run/cube.sock\n".write(
            toFile: path, atomically: true, encoding: .utf8)
        #expect(try await discovery.managers().map(\.rawValue) == ["http://127.0.0.1:1", "unix:/run/cube.sock"])
        try "http://127.0.0.1:2\nnonsense".write(toFile: path, atomically: true, encoding: .utf8)
        let error = await #expect(throws: APIError.self) { try await discovery.managers() }
        #expect(error?.fields.map(\.field) == ["\(path):2"])
    }

    @Test(arguments: [
        "http://127.0.0.1:8081", "unix:/run/cube.sock", "http://a:1,http://b:2", "dns:cube.example:8081", "dns:[::1]:1",
        "srv:_cube._tcp.example", "file:/etc/cube/managers", "cluster:http://a:1,unix:/run/cube.sock",
    ])
    func `a location is parsed and printed`(text: String) throws {
        #expect(try ManagerLocation(checking: text).description == text)
    }

    @Test(arguments: [
        "", "127.0.0.1", "http://a:1,", "dns:a", "dns:a:0", "srv:", "srv:a b", "file:", "ftp://a:1", "cluster:",
        "cluster:a",
    ])
    func `an invalid location is refused`(text: String) {
        let error = #expect(throws: APIError.self) { try ManagerLocation(checking: text) }
        #expect(error?.fields.first?.message == ManagerLocation.rule)
    }
}

/// Removes a file of a test, if it exists.
func unlinkQuietly(_ path: String) { try? FileManager.default.removeItem(atPath: path) }
