import CubeErrors

/// An HTTP GET request to a port of the task. A status of 200 to 399 passes, unless ``status`` specifies otherwise.
///
/// - Since: 0.1
public struct HTTPProbe: Hashable, Sendable {
    /// The URL scheme of the request.
    ///
    /// - Since: 0.1
    public struct Scheme: OpenSet {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// HTTP without encryption.
        public static let http: Scheme = "http"
        /// HTTP over TLS.
        public static let https: Scheme = "https"
    }

    /// The port to connect to.
    public var port: PortReference
    /// The path of the request; it begins with `/`. Default: `/`.
    public var path: String
    /// The scheme of the request. Default: `http`.
    public var scheme: Scheme
    /// The host name or address to connect to. It is also the `Host` of the request and the TLS server name, unless ``headers``
    /// contains a `Host`. Default: the loopback address.
    public var host: String?
    /// Header fields of the request. They replace the check's standard header fields of the same name.
    public var headers: [String: String]
    /// The statuses that pass. Default: 200 to 399.
    public var status: HTTPStatusSet
    /// Whether the server's certificate must be valid. Default: `false`.
    public var verify: Bool

    public init(
        port: PortReference, path: String = "/", scheme: Scheme = .http, host: String? = nil,
        headers: [String: String] = [:], status: HTTPStatusSet = .standard, verify: Bool = false
    ) {
        self.port = port
        self.path = path
        self.scheme = scheme
        self.host = host
        self.headers = headers
        self.status = status
        self.verify = verify
    }
}

extension HTTPProbe: Codable {
    enum CodingKeys: String, CodingKey { case port, path, scheme, host, headers, status, verify }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            port: try container.decode(PortReference.self, forKey: .port),
            path: try container.readTextIfPresent(forKey: .path) ?? "/",
            scheme: try container.readIfPresent(Scheme.self, forKey: .scheme) ?? .http,
            host: try container.readTextIfPresent(forKey: .host),
            headers: try container.readMembersIfPresent([String: String].self, forKey: .headers) ?? [:],
            status: try container.readIfPresent(HTTPStatusSet.self, forKey: .status) ?? .standard,
            verify: try container.readIfPresent(Bool.self, forKey: .verify) ?? false)
    }

    /// Omits newer fields that have their default value, because an older worker does not know them.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(port, forKey: .port)
        try container.encode(path, forKey: .path)
        if scheme != .http { try container.encode(scheme, forKey: .scheme) }
        try container.encodeIfPresent(host, forKey: .host)
        if !headers.isEmpty { try container.encode(headers, forKey: .headers) }
        if status != .standard { try container.encode(status, forKey: .status) }
        if verify { try container.encode(verify, forKey: .verify) }
    }
}
