import CubeCertificates
import CubeErrors
import CubeManager
import CubeTypes
import CubeVersion
import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// The entry point of every request. It checks the host, the route, the token, and the type and size of the body, in
/// this order. Every error, from a check or from the route, becomes an error object.
struct Gate: Sendable {
    private let table: RouteTable
    private let options: ServerOptions
    private let version: VersionInfo
    /// The version header of every response, so that a client knows the version without a call.
    private let versionHeader: String
    private let pool: ConnectionPool
    private let refusals: RefusalLog
    private let logger: Logger

    init(table: RouteTable, options: ServerOptions, version: VersionInfo, pool: ConnectionPool, logger: Logger) {
        self.table = table
        self.options = options
        self.version = version
        versionHeader = version.header
        self.pool = pool
        refusals = RefusalLog(clock: options.clock)
        self.logger = logger
    }

    /// - Parameter channel: The client's connection; `nil` if the client is in this process.
    func respond(to request: Request, on channel: (any Channel)?) async throws -> Response {
        let requestID = requestID(request)
        var response: Response
        var deprecation: Deprecation?
        do {
            response = try await answer(request, channel: channel, &deprecation)
        } catch {
            var logger = logger
            logger[metadataKey: "request"] = "\(requestID)"
            var error = Self.apiError(error, logger: logger)
            error.requestID = requestID
            response = try .error(error)
            if let pause = error.retryAfter { response.headers[.retryAfter] = "\((pause.milliseconds + 999) / 1000)" }
            refusals.note(request, from: channel, error, logger)
            switch error.code {
            case 401: response.headers[.wwwAuthenticate] = Self.challenge(error)
            case 405: response.headers[.allow] = error.details?["allow"]
            case 429: response.headers[.connection] = "close"
            default: break
            }
        }
        if request.method == .head { response = response.createHeadResponse() }
        response.headers.append(HTTPField(name: .xRequestID, value: requestID))
        response.headers.append(HTTPField(name: .cubeVersion, value: versionHeader))
        if let header = deprecation?.header { response.headers.append(HTTPField(name: .cubeDeprecated, value: header)) }
        response.headers.append(HTTPField(name: .cacheControl, value: "no-store"))
        response.headers.append(HTTPField(name: .xContentTypeOptions, value: "nosniff"))
        logger.debug(
            "\(request.method) \(request.uri.path)",
            metadata: ["request": "\(requestID)", "status": "\(response.status.code)"])
        return response
    }

    /// - Parameter deprecation: Set to the deprecation of the route, also if the call fails.
    private func answer(
        _ request: Request, channel: (any Channel)?, _ deprecation: inout Deprecation?
    ) async throws -> Response {
        try checkHead(request)
        try checkHost(request)
        let (route, parameters) = try find(request)
        deprecation = route.deprecation
        let peer = route.requiresRole ? try await Self.peer(on: channel, options.tls?.clients) : nil
        let caller = try authorize(request, for: route, channel: channel, peer)
        let limit = route.takesBatch ? options.limits.batchBytes : options.limits.bodyBytes
        try checkBody(request, limit: limit)
        let call = Call(
            request: request, parameters: parameters, caller: caller, peer: peer, options: options, bodyLimit: limit,
            refusals: refusals, channel: channel)
        return try await CurrentAuthor.$value.withValue(caller?.author) {
            guard let interceptor = options.interceptor else { return try await route.respond(call) }
            let intercepted = InterceptedCall(operation: route.operation.id, query: request.uri.query)
            try await interceptor.willServe(intercepted)
            let response = try await route.respond(call)
            try await interceptor.didServe(intercepted)
            return response
        }
    }

    /// Checks the rules of HTTP for a request head that the parser does not check.
    private func checkHead(_ request: Request) throws(APIError) {
        if request.head.authority?.contains(",") == true {
            throw APIError(.validationFailed, "the request has several Host fields; exactly one is required")
        }
        if let expectation = request.headers[.expect], expectation.lowercased() != "100-continue" {
            throw APIError(
                .validationFailed, "\"Expect: \(expectation.prefix(80))\" is not supported; only 100-continue is",
                code: 417
            )
        }
    }

    /// Checks the host name, as a protection against DNS rebinding: a web page can make a browser call this server
    /// under the page's own host name, but not under one of this server's names.
    /// With TLS, the browser itself finds that the certificate has another name.
    private func checkHost(_ request: Request) throws(APIError) {
        guard case .tcp(let own, _) = options.listen, options.tls == nil else { return }
        let authority = request.head.authority ?? ""
        let host =
            if case .tcp(let host, _) = Endpoint.Address(authority) ?? Endpoint.Address("\(authority):80") { host } else
            { "" }
        guard
            Endpoint.Address.isLoopback(host) || host == own || options.hosts.contains(host)
                || ["0.0.0.0", "::"].contains(own) && Endpoint.Address.isNumeric(host)
        else {
            throw APIError(
                .forbiddenHost, "host \"\(authority.prefix(80))\" is not a name of this server")
        }
    }

    private func find(_ request: Request) throws(APIError) -> (Route, parameters: [String: String]) {
        switch table.match(request.method == .head ? .get : request.method, path: request.uri.path) {
        case .found(let route, let parameters):
            return (route, parameters)
        case .otherMethods(let methods):
            let allowed = methods.flatMap { $0 == .get ? [.get, .head] : [$0] }.map(\.rawValue).joined(separator: ", ")
            throw APIError(
                .methodNotAllowed,
                "\(request.uri.path.prefix(200)) does not support \(request.method); it supports \(allowed)",
                details: ["allow": allowed])
        case .nothing:
            try checkVersion(request.uri.path)
            throw APIError(.routeNotFound, "no such endpoint: \(request.uri.path.prefix(200))")
        }
    }

    /// Reports a path of another API version as such, for a client that looks for a server with its version.
    private func checkVersion(_ path: String) throws(APIError) {
        let components = path.split(separator: "/", maxSplits: 2)
        guard components.count >= 2, components[0] == "api", components[1].hasPrefix("v"),
            let asked = Int(components[1].dropFirst()), !version.supported.contains(asked)
        else { return }
        let supported = version.supported
        throw APIError(
            .incompatibleVersion,
            "Cube \(version.version) does not support version \(asked) of the HTTP API; it supports "
                + "\(supported.lowerBound) to \(supported.upperBound)",
            details: ["oldest_api": "\(supported.lowerBound)", "api": "\(supported.upperBound)"])
    }

    private func authorize(
        _ request: Request, for route: Route, channel: (any Channel)?, _ peer: CertificateName?
    ) throws(APIError) -> Caller? {
        guard case .roles(let allowed) = route.access else { return nil }
        guard case .tcp = options.listen else { return .local(channel) }
        let caller =
            if let peer { Caller(identifiedAs: peer, channel) } else {
                try caller(presentingTokenIn: request, channel)
            }
        guard let role = caller.role else { return caller }
        guard channel.map({ pool.admit($0, presenting: role) }) ?? true else {
            throw APIError(
                .tooManyRequests, "the limit of \(options.limits.connections) connections is reached; try again later")
        }
        guard allowed.contains(role) else {
            let needed = allowed.map(\.rawValue).sorted().joined(separator: " or ")
            throw APIError(
                .forbidden, "this call requires the role \(needed), but the token has the role \(role.rawValue)")
        }
        return caller
    }

    private func caller(
        presentingTokenIn request: Request, _ channel: (any Channel)?
    ) throws(APIError) -> Caller {
        if options.tls?.clients?.isRequired == true {
            throw PeerCheck.refusal(.missing, "this call requires the certificate of the manager, not a token")
        }
        let parts = (request.headers[.authorization] ?? "").split(separator: " ", maxSplits: 1)
        guard let scheme = parts.first else {
            throw .badToken("missing", "this call requires a token: Authorization: Bearer TOKEN")
        }
        guard scheme.lowercased() == "bearer" else {
            throw .badToken(
                "missing", "this call requires a token: Authorization must be Bearer TOKEN, not another scheme")
        }
        guard parts.count == 2 else {
            throw .badToken("missing", "this call requires a token: the token in Authorization is empty")
        }
        return try Caller(presenting: String(parts[1]), channel, options.tokens, options.issued)
    }

    private func checkBody(_ request: Request, limit: Int) throws(APIError) {
        guard [.post, .put].contains(request.method) else { return }
        let type = (request.headers[.contentType] ?? "").prefix { $0 != ";" && $0 != " " }
        guard type.lowercased() == "application/json" else {
            throw APIError(.unsupportedMediaType, "this call requires Content-Type: application/json, not \"\(type)\"")
        }
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limit {
            throw .tooLarge(limit)
        }
    }

    /// The challenge for a client without a valid token, which says whether it presented a token (RFC 6750).
    private static func challenge(_ error: APIError) -> String {
        "Bearer realm=\"cube\"" + (error.details?[APIError.token] == "missing" ? "" : ", error=\"invalid_token\"")
    }

    /// The client's own request id if it sent a valid one; otherwise a random id.
    private func requestID(_ request: Request) -> String {
        if let given = request.headers[.xRequestID], (1...64).contains(given.utf8.count),
            given.utf8.allSatisfy({ (0x21...0x7e).contains($0) && $0 != UInt8(ascii: "\"") })
        {
            return given
        }
        return options.random.id()
    }

    /// The error for the client, without internal details.
    private static func apiError(_ error: any Error, logger: Logger) -> APIError {
        switch error {
        case let error as APIError:
            return error
        case is CancellationError:
            return APIError(.unavailable, "the server is shutting down")
        default:
            logger.error("request failed", metadata: ["error": "\(error)"])
            return APIError(.internal, "internal error; the server's log contains details under this request id")
        }
    }
}

extension HTTPField.Name {
    static let xRequestID = HTTPField.Name("X-Request-ID")!
    fileprivate static let cubeVersion = HTTPField.Name(VersionInfo.headerName)!
    fileprivate static let cubeDeprecated = HTTPField.Name(Deprecation.headerName)!
    fileprivate static let retryAfter = HTTPField.Name("Retry-After")!
}
