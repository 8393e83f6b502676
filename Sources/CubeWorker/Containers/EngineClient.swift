import AsyncHTTPClient
import CubeCore
import CubeSystem
import CubeTypes
import FoundationEssentials
import NIOCore
import NIOHTTP1
import Synchronization
import SystemPackage

/// Sends requests of the Docker Engine API to an engine on its Unix socket. Docker and Podman serve this API.
///
/// Requests use the newest version of the API that both sides know. A request that was cut off may have been carried out, so the
/// callers send only requests that may be repeated.
struct EngineClient: Sendable {
    /// The newest version of the API whose formats this client knows, and the oldest that it can use.
    static let (newest, oldest) = (EngineVersion(major: 1, minor: 47), EngineVersion(major: 1, minor: 41))

    /// The time for a response, for requests that the engine carries out at once.
    private static let limit = Duration.seconds(30)
    /// The time for removing or creating a container, which may wait for a busy disk.
    static let slowLimit = Duration.seconds(120)
    /// The maximum size of a response that is not a stream, in bytes.
    private static let responseBytes = 16 << 20

    /// The path of the socket.
    let socket: String
    let clock: any Clock<Duration>
    private let known = Known()

    init(socket: String, clock: any Clock<Duration>) {
        self.socket = socket
        self.clock = clock
    }

    /// A request. Its parameters are encoded into the path.
    struct Request {
        var method: HTTPMethod
        var path: String
        var query: [(name: String, value: String)]
        var headers: [(String, String)] = []
        var body: [UInt8]?

        static func get(_ path: String, _ query: [(String, String)] = []) -> Request {
            Request(method: .GET, path: path, query: query)
        }

        static func post(
            _ path: String, _ query: [(String, String)] = [], json body: (some Encodable)? = String?.none
        ) throws -> Request {
            let bytes = try body.map { try EngineJSON.encode($0) }
            let headers = bytes == nil ? [] : [("Content-Type", "application/json")]
            return Request(method: .POST, path: path, query: query, headers: headers, body: bytes)
        }

        static func delete(_ path: String, _ query: [(String, String)] = []) -> Request {
            Request(method: .DELETE, path: path, query: query)
        }

        fileprivate func target(_ version: EngineVersion?) -> String {
            let parameters = query.map { "\($0.name)=\($0.value.percentEncoded)" }.joined(separator: "&")
            let prefix = version.map { "/v\($0)" } ?? ""
            return prefix + path + (parameters.isEmpty ? "" : "?" + parameters)
        }
    }

    // MARK: Requests

    /// Sends a request and decodes the response.
    func send<Answer: Decodable & Sendable>(
        _ request: Request, as type: Answer.Type = Answer.self, within limit: Duration = limit
    ) async throws -> Answer {
        let bytes = try await send(request, within: limit)
        do {
            return try EngineJSON.decode(Answer.self, from: bytes)
        } catch {
            throw EngineError.refused(
                status: 200, message: "the container engine sent an invalid response to \(request.path): \(error)")
        }
    }

    /// Sends a request and returns the body of the response.
    @discardableResult
    func send(_ request: Request, within limit: Duration = limit) async throws -> [UInt8] {
        let response = try await clock.within(limit) {
            try await collect(try await open(request))
        }
        guard let response else {
            throw EngineError.unreachable(socket: socket, cause: "no response within \(limit.text)")
        }
        return response
    }

    /// Sends a request and returns the body of the response as a stream, which may be open without a limit.
    ///
    /// - Throws: `EngineError`, also while the stream is read.
    func stream(_ request: Request) async throws -> HTTPClientResponse.Body {
        guard let body = try await clock.within(Self.slowLimit, { try await open(request) }) else {
            throw EngineError.unreachable(socket: socket, cause: "no response within \(Self.slowLimit.text)")
        }
        return body
    }

    /// Returns the error for a failed read of a stream.
    func failure(_ error: any Error) -> any Error {
        if error is EngineError || error is CancellationError { return error }
        if let error = error as? HTTPClientError, error == .cancelled { return CancellationError() }
        // The other errors of the network library describe the call, which says nothing to people.
        let cause = (error as? IOError).map { "\(Errno(rawValue: $0.errnoCode))" } ?? "\(error)"
        return EngineError.unreachable(socket: socket, cause: cause)
    }

    private func open(_ request: Request) async throws -> HTTPClientResponse.Body {
        let version = try await identify().version
        let response = try await execute(request, version)
        if (200..<400).contains(response.status.code) { return response.body }
        throw await refusal(response)
    }

    private func execute(_ request: Request, _ version: EngineVersion?) async throws -> HTTPClientResponse {
        var prepared = HTTPClientRequest(url: "http+unix://\(socket.percentEncoded)" + request.target(version))
        prepared.method = request.method
        // The engines insist on a host, although a socket has none.
        prepared.headers = HTTPHeaders([("Host", "localhost"), ("User-Agent", "cube")] + request.headers)
        if let body = request.body { prepared.body = .bytes(ByteBuffer(bytes: body)) }
        do {
            return try await Self.client.execute(prepared, deadline: .distantFuture)
        } catch {
            throw failure(error)
        }
    }

    private func collect(_ body: HTTPClientResponse.Body) async throws -> [UInt8] {
        do {
            return Array(try await body.collect(upTo: Self.responseBytes).readableBytesView)
        } catch {
            throw failure(error)
        }
    }

    private func refusal(_ response: HTTPClientResponse) async -> EngineError {
        struct Answer: Decodable { var message: String }
        let status = Int(response.status.code)
        // A response without a readable message still has its status.
        let bytes = (try? await collect(response.body)) ?? []
        let answer = try? EngineJSON.decode(Answer.self, from: bytes)  // Otherwise, the text is the message.
        let text = answer?.message ?? String(decoding: bytes.prefix(500), as: UTF8.self)
        return .refused(
            status: status, message: text.isEmpty ? "the container engine responded with status \(status)" : text)
    }

    // MARK: Identity and version

    /// What is known of the engine that listens on the socket.
    struct Engine: Sendable {
        /// The version of the API that requests use.
        var version: EngineVersion
        /// The directory in which the engine keeps its containers. It identifies the engine: a restart and an upgrade keep it,
        /// and no two engines of a machine share it.
        var root: String
        /// The limits that it can enforce.
        var abilities: EngineAbilities
    }

    /// The limits that the engine can enforce, as far as it was reached once.
    var abilities: EngineAbilities? { known.abilities.withLock { $0 } }

    /// Forgets what is known of the engine, because another one may listen on the socket now.
    func forget() { known.engine.withLock { $0 = nil } }

    /// Finds out which engine listens on the socket, and which version of the API it serves.
    @discardableResult
    func identify() async throws -> Engine {
        if let engine = known.engine.withLock({ $0 }) { return engine }
        guard let engine = try await clock.within(Self.limit, { try await ask() }) else {
            throw EngineError.unreachable(socket: socket, cause: "no response within \(Self.limit.text)")
        }
        known.engine.withLock { $0 = engine }
        known.abilities.withLock { $0 = engine.abilities }
        return engine
    }

    private func ask() async throws -> Engine {
        struct Info: Decodable {
            var dockerRootDir: String
            var memoryLimit: Bool?
            var cpuCfsQuota: Bool?
            var pidsLimit: Bool?
            var nCPU: Int?
        }
        let ping = try await execute(.get("/_ping"), nil)
        _ = try await collect(ping.body)
        guard ping.status == .ok, let offered = ping.headers.first(name: "Api-Version").flatMap({ EngineVersion($0) })
        else {
            throw EngineError.unreachable(
                socket: socket,
                cause: "its response to a ping (status \(ping.status.code)) is not that of a container engine")
        }
        guard offered >= Self.oldest else {
            throw EngineError.unreachable(
                socket: socket,
                cause: "it serves version \(offered) of the Engine API; Cube needs \(Self.oldest) or later")
        }
        let version = min(offered, Self.newest)
        let info = try await execute(.get("/info"), version)
        guard info.status == .ok else { throw await refusal(info) }
        let bytes = try await collect(info.body)
        do {
            let description = try EngineJSON.decode(Info.self, from: bytes)
            return Engine(
                version: version, root: description.dockerRootDir,
                abilities: EngineAbilities(
                    limitsMemory: description.memoryLimit ?? true, limitsCPU: description.cpuCfsQuota ?? true,
                    limitsProcesses: description.pidsLimit ?? true, cores: description.nCPU ?? 0))
        } catch {
            throw EngineError.unreachable(socket: socket, cause: "its description cannot be read: \(error)")
        }
    }

    private final class Known: Sendable {
        let engine = Mutex<Engine?>(nil)
        /// Kept while another engine is looked for, as a report about tasks cannot wait for it.
        let abilities = Mutex<EngineAbilities?>(nil)
    }

    /// The HTTP client of the process for engines. It is never shut down: it has no state except idle connections.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow, timeout: .init(connect: .seconds(5)),
            // Each running container has one connection for its output.
            connectionPool: .init(idleTimeout: .seconds(20), concurrentHTTP1ConnectionsPerHostSoftLimit: 20_000))
        configuration.httpVersion = .http1Only
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.tracing.tracer = nil
        return HTTPClient(configuration: configuration)
    }()
}

/// A version of the Engine API.
struct EngineVersion: Comparable, CustomStringConvertible, Sendable {
    var major: Int
    var minor: Int

    init(major: Int, minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// Parses a version such as `1.41`.
    init?(_ text: String) {
        let parts = text.split(separator: ".").map { Int($0) }
        guard parts.count == 2, let major = parts[0], let minor = parts[1] else { return nil }
        self.init(major: major, minor: minor)
    }

    static func < (left: EngineVersion, right: EngineVersion) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }

    var description: String { "\(major).\(minor)" }
}
