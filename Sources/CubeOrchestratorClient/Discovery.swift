import CubeErrors
import CubeSystem
import CubeTransport
public import CubeTypes
import FoundationEssentials

/// Finds the managers of a system. It is asked anew after a failure, and now and then: it holds no state of its own.
///
/// - Since: 0.1
public protocol Discovery: Sendable {
    /// The managers, in the order in which to ask them.
    ///
    /// - Throws: `APIError` where they cannot be found now; those that were found before count until they can.
    func managers() async throws -> [Endpoint]
}

/// A list that does not change.
///
/// - Since: 0.1
public struct StaticDiscovery: Discovery {
    /// In the order in which to ask them.
    public var endpoints: [Endpoint]

    /// - Parameter endpoints: in the order in which to ask them.
    public init(_ endpoints: [Endpoint]) { self.endpoints = endpoints }

    /// The list.
    public func managers() async throws -> [Endpoint] { endpoints }
}

/// All addresses of a host (A and AAAA records, or whatever else the machine's name service knows), at one port.
///
/// - Since: 0.1
public struct HostDiscovery: Discovery {
    /// A name or an address.
    public var host: String
    /// 1 to 65535.
    public var port: Int

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Asks the name service.
    public func managers() async throws -> [Endpoint] {
        try await NameService.addresses(of: host).map { Endpoint(.tcp(host: $0, port: port)) }
    }
}

/// The SRV records of a service (RFC 2782), by priority and weight.
///
/// - Since: 0.1
public struct ServiceDiscovery: Discovery {
    /// Such as `_cube-manager._tcp.example.org`.
    public var name: String

    public init(name: String) { self.name = name }

    /// Asks the name servers; of records of one priority the order is by chance, as their weights say.
    public func managers() async throws -> [Endpoint] {
        var generator = SystemRandomNumberGenerator()
        let records = try await NameService.services(of: name)
        return ServiceRecord.ordered(records, using: &generator).map {
            Endpoint(.tcp(host: $0.target, port: $0.port))
        }
    }
}

/// A file with an endpoint in each line, which is read anew whenever the managers are looked for. What follows a `#` is passed
/// over.
///
/// - Since: 0.1
public struct FileDiscovery: Discovery {
    /// Where the file is.
    public var path: String

    public init(path: String) { self.path = path }

    /// Reads the file.
    public func managers() async throws -> [Endpoint] {
        let text: String
        do throws(FileError) {
            text = try NamedFile.text(path)
        } catch {
            throw APIError(.unavailable, "\(path) cannot be read: \(error.cause)")
        }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
        return try lines.compactMap { index, line throws(APIError) in
            let words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace)
            guard !words.isEmpty else { return nil }
            return try Endpoint(checking: words.joined(separator: " "), field: "\(path):\(index + 1)")
        }
    }
}
