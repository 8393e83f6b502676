import CubeErrors
import CubeSystem
import CubeTransport
public import CubeTypes
import FoundationEssentials

/// Finds the managers of a system. The client calls it periodically and after each failure, so it needs no cache of its own.
///
/// - Since: 0.1
public protocol Discovery: Sendable {
    /// Returns the managers in order of preference.
    ///
    /// - Throws: `APIError` if they cannot be found at the moment; the client then continues to use the known managers.
    func managers() async throws -> [Endpoint]
}

/// A fixed list of managers.
///
/// - Since: 0.1
public struct StaticDiscovery: Discovery {
    /// The managers in order of preference.
    public var endpoints: [Endpoint]

    /// - Parameter endpoints: the managers in order of preference.
    public init(_ endpoints: [Endpoint]) { self.endpoints = endpoints }

    /// Returns the list.
    public func managers() async throws -> [Endpoint] { endpoints }
}

/// All addresses of a host at one port. The machine's resolver provides the addresses, usually from A and AAAA records.
///
/// - Since: 0.1
public struct HostDiscovery: Discovery {
    /// A host name or an address.
    public var host: String
    /// The port, 1 to 65535.
    public var port: Int
    /// Whether the managers speak TLS. Default: `false`.
    public var isSecure: Bool

    public init(host: String, port: Int, isSecure: Bool = false) {
        self.host = host
        self.port = port
        self.isSecure = isSecure
    }

    /// Queries the resolver.
    public func managers() async throws -> [Endpoint] {
        try await NameService.addresses(of: host).map { Endpoint(.tcp(host: $0, port: port), isSecure: isSecure) }
    }
}

/// The SRV records of a service (RFC 2782), ordered by priority and weight.
///
/// - Since: 0.1
public struct ServiceDiscovery: Discovery {
    /// The name of the service, such as `_cube-manager._tcp.example.org`.
    public var name: String
    /// Whether the managers speak TLS. Default: `false`.
    public var isSecure: Bool

    /// What the order of records of one priority is drawn from.
    package var random = RandomSource.system

    public init(name: String, isSecure: Bool = false) {
        self.name = name
        self.isSecure = isSecure
    }

    /// Queries the name servers. Records of the same priority are in random order according to their weights.
    public func managers() async throws -> [Endpoint] {
        var generator = random
        let records = try await NameService.services(of: name)
        return ServiceRecord.ordered(records, using: &generator).map {
            Endpoint(.tcp(host: $0.target, port: $0.port), isSecure: isSecure)
        }
    }
}

/// A file with one endpoint per line. It is read again at each discovery. The rest of a line after a `#` is ignored.
///
/// - Since: 0.1
public struct FileDiscovery: Discovery {
    /// The path of the file.
    public var path: String

    public init(path: String) { self.path = path }

    /// Reads the file.
    public func managers() async throws -> [Endpoint] {
        let text: String
        do throws(FileError) {
            text = try ConfiguredFile.text(path)
        } catch {
            throw APIError(.unavailable, "\(path): cannot be read: \(error.cause)")
        }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
        return try lines.compactMap { index, line throws(APIError) in
            let words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace)
            guard !words.isEmpty else { return nil }
            return try Endpoint(checking: words.joined(separator: " "), field: "\(path):\(index + 1)")
        }
    }
}
