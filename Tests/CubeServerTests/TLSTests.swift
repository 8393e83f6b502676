import CubeCertificates
import CubeErrors
import CubeManager
import CubeManagerClient
import CubeTesting
import CubeTypes
import CubeWorkerClient
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Synchronization
import SystemPackage
import Testing

@testable import CubeServer
@testable import CubeTransport

/// TLS over real sockets, on loopback addresses.
@Suite("TLS", .timeLimit(.minutes(1)))
struct TLSTests {
    /// A cluster with an authority.
    final class Authority: Sendable {
        static let cluster = ManagerEndpointTests().cluster
        let directory: TemporaryDirectory
        let desk: CertificateDesk
        let own: RotatingCertificate
        private let clock: Clock

        init(cluster: ClusterID = Authority.cluster) throws {
            directory = try TemporaryDirectory()
            let now = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
            let clock = Clock(now)
            let path = FilePath(directory.path)
            desk = CertificateDesk(
                authority: try CertificateAuthority.loadOrCreate(in: path, cluster: cluster, at: now),
                keys: try NodeKeys(file: path.appending("nodes.json")), lifetime: .seconds(3600), now: { clock.now })
            own = RotatingCertificate()
            self.clock = clock
            own.replace(by: try bundle())
        }

        private final class Clock: Sendable {
            private let time: Mutex<Timestamp>
            init(_ time: Timestamp) { self.time = Mutex(time) }
            var now: Timestamp { time.withLock(\.self) }
            func advance(by span: Duration) { time.withLock { $0 = $0 + span } }
        }

        func advance(by span: Duration) { clock.advance(by: span) }

        /// A new certificate of the manager.
        func bundle(for host: String = "127.0.0.1") throws -> CertificateBundle {
            try desk.authority.issue(
                .manager(desk.authority.cluster), for: CertificateKey(), hosts: [host],
                life: CertificateLife(issuedAt: clock.now, lasting: .seconds(3600)))
        }

        /// The certificate of a node's worker, as its identity.
        func identity(of node: NodeName) throws -> TLSOptions.Identity {
            let key = CertificateKey()
            let issued = try desk.issue(CertificateOrder(node: node, request: try key.request()), to: nil)
            return TLSOptions.Identity(chain: Array(issued.certificate.utf8), key: key.pem)
        }

        /// Options that trust the authority, with an identity.
        func options(as identity: TLSOptions.Identity? = nil, name: String = ClientOptions.managerName) -> ClientOptions
        {
            var options = quiet
            options.retries.attempts = 1
            options.tls.trust = .authority(pem: Array(desk.authority.pem.utf8), name: name)
            options.tls.identity = { identity }
            return options
        }

        func token(_ role: TokenSet.Role) -> String {
            AccessToken(secret: tokens[role]!, fingerprint: desk.authority.fingerprint).text
        }
    }

    private static let world = ManagerEndpointTests()

    private func withManager(
        _ authority: Authority, _ body: (Endpoint) async throws -> Void
    ) async throws {
        let manager = try await ManagerService.open(
            store: MemoryStore(cluster: Authority.cluster), gateway: Self.world.workers, logger: silent,
            now: { Timestamp(milliseconds: 0) })
        try await withServer { options in
            var options = options
            options.tls = ServerTLS(own: authority.own, clients: try .ofWorkers(authority.desk))
            options.hosts = [ClientOptions.managerName]
            return [manager, ManagerServer(manager, desk: authority.desk, options: options, logger: silent)]
        } _: { endpoint, _ in
            #expect(endpoint.isSecure)
            try await eventually {
                do {
                    try await ManagerClient(endpoint: endpoint, options: authority.options()).ready()
                    return true
                } catch let error as APIError where error.code == 503 { return false }
            }
            try await body(endpoint)
        }
    }

    private func refusal(_ call: () async throws -> Void) async throws -> APIError? {
        do {
            try await call()
            return nil
        } catch let error as APIError { return error }
    }

    // MARK: The manager

    @Test func `a token with a fingerprint is not sent to another machine without TLS`() async throws {
        let token = AccessToken(secret: "secret", fingerprint: try Authority().desk.authority.fingerprint).text
        var options = quiet
        options.retries.attempts = 1
        func error(at address: String) async throws -> APIError? {
            let endpoint = try #require(Endpoint(rawValue: address))
            let client = ManagerClient(endpoint: endpoint, token: token, options: options)
            return try await refusal { _ = try await client.clusterStatus() }
        }
        let remote = try await error(at: "http://192.0.2.1:9")
        #expect(remote?.reason == .validationFailed)
        #expect(
            remote?.message.contains("use https://192.0.2.1:9") == true && remote?.message.contains("secret") == false)
        // A tunnel ends on this machine.
        let local = try await error(at: "http://127.0.0.1:1")
        #expect(local?.reason == .unavailable)
    }

    @Test func `a token with a fingerprint is all that a client needs`() async throws {
        let authority = try Authority()
        try await withManager(authority) { endpoint in
            let client = ManagerClient(endpoint: endpoint, token: authority.token(.read), options: quiet)
            #expect(try await client.clusterStatus().cluster == Authority.cluster)
            let plain = try await refusal {
                _ = try await ManagerClient(endpoint: endpoint, token: tokens[.read], options: quiet).clusterStatus()
            }
            #expect(plain?.message.contains("not trusted") == true)
            // The reason is that nothing names the authority of the manager.
            #expect(plain?.message.contains("only a token with the fingerprint") == true)
            #expect(plain?.message.contains(authority.desk.authority.fingerprint.rawValue) == false)
            #expect(plain?.isOfUnnamedAuthority == true)
        }
    }

    @Test func `a manager believes only the certificate of the node`() async throws {
        let authority = try Authority()
        var worker = Self.world.worker
        worker.url = "https://127.0.0.1:1"
        try await withManager(authority) { [worker] endpoint in
            func register(_ worker: WorkerInfo, as identity: TLSOptions.Identity?) async throws -> APIError? {
                try await refusal {
                    _ = try await ManagerClient(endpoint: endpoint, options: authority.options(as: identity))
                        .register(worker)
                }
            }
            let byToken = try await refusal {
                _ = try await ManagerClient(endpoint: endpoint, token: authority.token(.worker), options: quiet)
                    .register(worker)
            }
            #expect(byToken?.certificateRefusal == .missing)

            let key = CertificateKey()
            let order = CertificateOrder(node: worker.name, request: try key.request())
            let unauthorized = try await refusal {
                _ = try await ManagerClient(endpoint: endpoint, token: authority.token(.read), options: quiet)
                    .certificate(order)
            }
            #expect(unauthorized?.reason == .forbidden)
            let issued = try await ManagerClient(endpoint: endpoint, token: authority.token(.worker), options: quiet)
                .certificate(order)
            let identity = TLSOptions.Identity(chain: Array(issued.certificate.utf8), key: key.pem)
            #expect(try await register(worker, as: identity) == nil)

            var other = worker
            other.name = "w7"
            #expect(try await register(other, as: identity)?.certificateRefusal == .otherName)
            var open = worker
            open.url = "http://127.0.0.1:1"
            #expect(try await register(open, as: identity)?.fields.first?.field == "url")
            let foreign = try Authority(cluster: "00000000-0000-4000-8000-0000000000ff").identity(of: worker.name)
            #expect(try await register(worker, as: foreign)?.certificateRefusal == .unknownAuthority)
            // The certificate renews itself, and is refused when it has expired.
            let client = ManagerClient(endpoint: endpoint, options: authority.options(as: identity))
            #expect(try await client.certificate(order).cluster == Authority.cluster)
            authority.advance(by: .seconds(3601))
            #expect(try await register(worker, as: identity)?.certificateRefusal == .expired)
            authority.advance(by: .seconds(-3601))
            #expect(try await register(worker, as: identity) == nil)
        }
    }

    @Test func `a removed node is refused from then on`() async throws {
        let authority = try Authority()
        var worker = Self.world.worker
        worker.url = "https://127.0.0.1:1"
        let identity = try authority.identity(of: worker.name)
        try await withManager(authority) { [worker] endpoint in
            let client = ManagerClient(endpoint: endpoint, options: authority.options(as: identity))
            _ = try await client.register(worker)
            try await ManagerClient(endpoint: endpoint, token: authority.token(.write), options: quiet)
                .remove(worker.name)
            let refused = try await refusal { _ = try await client.register(worker) }
            #expect(refused?.certificateRefusal == .revoked)
            let order = CertificateOrder(node: worker.name, request: try CertificateKey().request())
            let renewal = try await refusal { _ = try await client.certificate(order) }
            #expect(renewal?.certificateRefusal == .revoked)
        }
    }

    // MARK: The worker

    @Test func `a worker accepts calls only with the certificate of its manager`() async throws {
        let authority = try Authority()
        let part = CertificateName.worker(Authority.cluster, "w1")
        let own = RotatingCertificate(
            try authority.desk.authority.issue(
                part, for: CertificateKey(),
                life: CertificateLife(issuedAt: authority.desk.now(), lasting: .seconds(60))))
        let check = try PeerCheck(
            authority: Array(authority.desk.authority.pem.utf8), cluster: Authority.cluster, owner: "a test")
        let routes = [
            Route(.get, "/open", .everybody) { _ in try .json(["status": "ok"]) },
            Route(.get, "/api/v1/worker/info", .onlooker) { _ in try .json(Self.world.worker) },
        ]
        try await withServer { options in
            var options = options
            options.tls = ServerTLS(own: own, clients: .ofManager(check, now: authority.desk.now))
            options.hosts = [part.host]
            return [HTTPServer(table: RouteTable(routes: routes), options: options, logger: silent)]
        } _: { endpoint, _ in
            func info(
                as identity: TLSOptions.Identity?, token: String? = nil, name host: String? = nil
            ) async throws -> APIError? {
                try await refusal {
                    _ = try await WorkerClient(
                        endpoint: endpoint, token: token,
                        options: authority.options(as: identity, name: host ?? part.host)
                    ).info()
                }
            }
            #expect(try await info(as: nil)?.certificateRefusal == .missing)
            for role in TokenSet.Role.allCases {
                #expect(try await info(as: nil, token: tokens[role])?.certificateRefusal == .missing)
            }
            #expect(try await info(as: authority.identity(of: "w2"))?.reason == .forbidden)
            let manager = try authority.bundle()
            let identity = TLSOptions.Identity(chain: manager.chain, key: manager.key)
            #expect(try await info(as: identity) == nil)
            // The manager calls nobody who has the address of a worker, but not its certificate.
            let other = try await info(as: identity, name: CertificateName.host(of: "w2"))
            #expect(other?.reason == .unavailable && other?.isFromServer == false)
        }
    }

    // MARK: Trust

    @Test func `a token is not sent to a server with another authority`() async throws {
        let (real, imitation) = (try Authority(), try Authority())
        let seen = Mutex<[String]>([])
        // The imitation knows the public certificate of the real authority.
        @Sendable func note(_ call: Call) {
            if let token = call.request.headers[.authorization] { seen.withLock { $0.append(token) } }
        }
        let routes = [
            Route(.get, "/api/v1/manager/ca", .everybody) { call in
                note(call)
                return try .json(ManagerAuthority(certificate: real.desk.authority.pem))
            },
            Route(.get, "/api/v1/manager/cluster", .everybody) { call in
                note(call)
                return try .json(["status": "ok"])
            },
        ]
        try await withServer { options in
            var options = options
            options.tls = ServerTLS(own: imitation.own)
            options.hosts = [ClientOptions.managerName]
            return [HTTPServer(table: RouteTable(routes: routes), options: options, logger: silent)]
        } _: { endpoint, _ in
            let imitated = try await refusal {
                _ = try await ManagerClient(endpoint: endpoint, token: real.token(.write), options: quiet)
                    .clusterStatus()
            }
            #expect(imitated?.reason == .unavailable)
        }
        #expect(seen.withLock(\.self) == [])

        // An authority that this process has never seen is looked up.
        let unknown = try Authority()
        try await withManager(imitation) { endpoint in
            let named = try await refusal {
                _ = try await ManagerClient(endpoint: endpoint, token: unknown.token(.write), options: quiet)
                    .clusterStatus()
            }
            #expect(named?.retry == false)
            #expect(named?.message.contains("the token was not sent") == true)
            #expect(named?.message.contains(imitation.desk.authority.fingerprint.rawValue) == true)
        }
    }

    @Test func `a refused connection ends the lookup of an authority, not its deadline`() async throws {
        let endpoint = try #require(Endpoint(rawValue: "https://127.0.0.1:1"))
        let token = try Authority().token(.read)
        var options = quiet
        options.retries.attempts = 1
        // Shorter than the deadline of the lookup, so that a lookup that repeats the connection is a timeout.
        options.requestDeadline = .seconds(5)
        let client = ManagerClient(endpoint: endpoint, token: token, options: options)
        let refused = try await refusal { _ = try await client.clusterStatus() }
        #expect(refused?.reason == .unavailable)
        #expect(refused?.message.contains("Connection refused") == true, "\(String(describing: refused))")
    }

    @Test func `a new certificate is used without a restart`() async throws {
        let (first, second) = (try Authority(), try Authority())
        try await withManager(first) { endpoint in
            first.own.replace(by: try second.bundle())
            try await ManagerClient(endpoint: endpoint, options: second.options()).ready()
        }
    }

    @Test func `clients that connect by a host see the supplied certificate, and parts of the cluster their own`()
        async throws
    {
        let (own, supplied) = (try Authority(), try Authority())
        let file = supplied.directory.path + "/trusted.pem"
        try Data(supplied.desk.authority.pem.utf8).write(to: URL(filePath: file))
        let routes = [Route(.get, "/readyz", .everybody) { _ in try .json(["status": "ready"]) }]
        try await withServer { options in
            var options = options
            options.tls = ServerTLS(own: own.own, supplied: supplied.own)
            options.hosts = [ClientOptions.managerName]
            return [HTTPServer(table: RouteTable(routes: routes), options: options, logger: silent)]
        } _: { endpoint, _ in
            try await ManagerClient(endpoint: endpoint, options: own.options()).ready()
            var options = quiet
            options.retries.attempts = 1
            options.tls.authorityFile = file
            let client = ManagerClient(endpoint: endpoint, options: options)
            try await client.ready()
            // A broken file keeps the former authorities in use.
            try Data("broken".utf8).write(to: URL(filePath: file))
            try await client.ready()
            let broken = try await refusal { try await ManagerClient(endpoint: endpoint, options: options).ready() }
            #expect(broken?.message.contains("contains no PEM certificate") == true)
        }
    }

    @Test func `a clock that is off is named as the reason`() throws {
        let server = Timestamp(milliseconds: 1_800_000_000_000)
        func reasons(_ difference: Duration) -> [String] {
            DistrustReport.reasons(AuthorityLookup.Found(time: server), TLSOptions(), now: server + difference)
        }
        #expect(reasons(.seconds(30)) == [])
        #expect(reasons(.seconds(7200)).first?.contains("is about 2 hours ahead of the clock of the server") == true)
        #expect(reasons(.seconds(34_560_001)).first?.contains("is about 400 days ahead of") == true)
        #expect(reasons(.seconds(-90)).first?.contains("is about 90 seconds behind the clock of the server") == true)
        #expect(Timestamp(httpDate: "Sun, 29 Nov 2026 07:41:09 GMT") == Timestamp("2026-11-29T07:41:09Z"))
        for text in ["", "Sunday, 29-Nov-26 07:41:09 GMT", "Sun, 29 Now 2026 07:41:09 GMT"] {
            #expect(Timestamp(httpDate: text) == nil)
        }
    }
}
