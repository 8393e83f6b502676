public import CubeErrors
public import CubeTransport
public import CubeTypes

/// The location of the managers of a system, as written by a person.
///
/// | Text | Meaning |
/// |---|---|
/// | `http://HOST:PORT`, `https://HOST:PORT`, `unix:PATH` | one manager, or several separated by commas |
/// | `dns:HOST:PORT` | all addresses of a host |
/// | `srv:NAME` | the SRV records of a service, such as `srv:_cube-manager._tcp.example.org` |
/// | `file:PATH` | a file with one endpoint per line |
/// | `cluster:URL` | one manager, or several separated by commas, and all managers that they list |
///
/// - Since: 0.1
public enum ManagerLocation: Hashable, Sendable {
    /// A list of managers in order of preference.
    case endpoints([Endpoint])
    /// All addresses of a host, at a port.
    case host(String, port: Int)
    /// The SRV records of a service.
    case service(name: String)
    /// The lines of a file.
    case file(path: String)
    /// Some managers, and all managers that they list.
    case cluster(seeds: [Endpoint])

    /// The rule for a location, worded for a message.
    public static let rule =
        "must be one or more http://HOST:PORT, https://HOST:PORT or unix:PATH, separated by commas and optionally after cluster:, "
        + "or dns:HOST:PORT, srv:NAME or file:PATH"

    /// Parses a location.
    ///
    /// - Throws: `validation_failed`.
    public init(checking text: String, field: String = "manager") throws(APIError) {
        func rest(after prefix: String) -> String? {
            text.hasPrefix(prefix) && text.utf8.count > prefix.utf8.count ? String(text.dropFirst(prefix.count)) : nil
        }
        if let path = rest(after: "file:") {
            self = .file(path: path)
        } else if let name = rest(after: "srv:"), case .tcp = Endpoint.Address("\(name):1") {
            self = .service(name: name)
        } else if let address = rest(after: "dns:"), case .tcp(let host, let port) = Endpoint.Address(address), port > 0
        {
            self = .host(host, port: port)
        } else {
            let seeds = rest(after: "cluster:")
            let endpoints = (seeds ?? text).split(separator: ",", omittingEmptySubsequences: false).map { part in
                Endpoint(rawValue: String(part.trimmingPrefix(while: \.isWhitespace)))
            }
            guard !endpoints.contains(nil) else {
                throw .invalid([ValidationError(field: field, value: "\"\(text.prefix(120))\"", message: Self.rule)])
            }
            let found = endpoints.compactMap(\.self)
            self = seeds == nil ? .endpoints(found) : .cluster(seeds: found)
        }
    }

    /// Returns the discovery for this location.
    ///
    /// - Parameters:
    ///   - token: the token that managers require over TCP, for a discovery that calls managers.
    ///   - options: the deadlines and limits of such calls.
    public func discovery(token: String? = nil, options: ClientOptions = ClientOptions()) -> any Discovery {
        // A location without a scheme is one with TLS if it is known what to trust.
        let isSecure = options.tls.authorityFile != nil || token.flatMap { AccessToken($0) }?.fingerprint != nil
        return switch self {
        case .endpoints(let endpoints): StaticDiscovery(endpoints)
        case .host(let host, let port): HostDiscovery(host: host, port: port, isSecure: isSecure)
        case .service(let name): ServiceDiscovery(name: name, isSecure: isSecure)
        case .file(let path): FileDiscovery(path: path)
        case .cluster(let seeds): ManagerListDiscovery(seeds: seeds, token: token, options: options)
        }
    }
}

extension ManagerLocation: CustomStringConvertible {
    /// The text of the location, in the form that `init(checking:field:)` accepts.
    public var description: String {
        switch self {
        case .endpoints(let endpoints): endpoints.map(\.rawValue).joined(separator: ",")
        case .host(let host, let port): "dns:\(Endpoint.Address.tcp(host: host, port: port))"
        case .service(let name): "srv:\(name)"
        case .file(let path): "file:\(path)"
        case .cluster(let seeds): "cluster:" + seeds.map(\.rawValue).joined(separator: ",")
        }
    }
}
