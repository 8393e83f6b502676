public import CubeErrors
public import CubeTransport
public import CubeTypes

/// Where the managers of a system are, as a person writes it.
///
/// | Text | Means |
/// |---|---|
/// | `http://HOST:PORT`, `unix:PATH` | a manager; several are separated by commas |
/// | `dns:HOST:PORT` | all addresses of a host |
/// | `srv:NAME` | what the SRV records of a service say, such as `srv:_cube-manager._tcp.example.org` |
/// | `file:PATH` | a file with an endpoint in each line |
/// | `cluster:URL` | this manager, or several separated by commas, and all that they say there are |
///
/// - Since: 0.1
public enum ManagerLocation: Hashable, Sendable {
    /// These, in the order in which to ask them.
    case endpoints([Endpoint])
    /// All addresses of a host, at a port.
    case host(String, port: Int)
    /// What the SRV records of a service say.
    case service(name: String)
    /// What the lines of a file say.
    case file(path: String)
    /// These, and those that they tell of.
    case cluster(seeds: [Endpoint])

    /// The rule, as a message says it.
    public static let rule =
        "must be http://HOST:PORT or unix:PATH, several of them separated by commas, "
        + "also after cluster:, or dns:HOST:PORT, srv:NAME or file:PATH"

    /// Reads a location.
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

    /// What finds them.
    ///
    /// - Parameters:
    ///   - token: what managers ask for on TCP, where one of them is asked.
    ///   - options: deadlines and limits of such a call.
    public func discovery(token: String? = nil, options: ClientOptions = ClientOptions()) -> any Discovery {
        switch self {
        case .endpoints(let endpoints): StaticDiscovery(endpoints)
        case .host(let host, let port): HostDiscovery(host: host, port: port)
        case .service(let name): ServiceDiscovery(name: name)
        case .file(let path): FileDiscovery(path: path)
        case .cluster(let seeds): ManagerListDiscovery(seeds: seeds, token: token, options: options)
        }
    }
}

extension ManagerLocation: CustomStringConvertible {
    /// As it is written.
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
