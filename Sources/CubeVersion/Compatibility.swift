/// The result of the check whether a client and a server are compatible.
///
/// They are compatible if both speak a common version of the HTTP API; they then use the newest common version. Within a version,
/// a server may add endpoints, fields and enumeration values, and a client ignores what it does not know. Nothing is removed and no
/// default changes. A client therefore works with every server that speaks its version of the API, older or newer.
///
/// - Since: 0.1
public enum Compatibility: Hashable, Sendable {
    /// Both speak this version of the HTTP API.
    case compatible(api: Int)
    /// The server speaks only versions that are older than the versions of the client: upgrade the server.
    case serverTooOld
    /// The server speaks only versions that are newer than the versions of the client: upgrade the client.
    case serverTooNew

    /// - Parameters:
    ///   - client: the versions of the client; by default, of this build.
    ///   - server: the versions of the server, from its response at `/version`.
    public init(client: VersionInfo = VersionInfo(), server: VersionInfo) {
        if server.supported.upperBound < client.supported.lowerBound {
            self = .serverTooOld
        } else if server.supported.lowerBound > client.supported.upperBound {
            self = .serverTooNew
        } else {
            self = .compatible(api: min(client.supported.upperBound, server.supported.upperBound))
        }
    }

    /// Returns a sentence that explains why the two are incompatible, or `nil` if they are compatible.
    public static func problem(client: VersionInfo = VersionInfo(), server: VersionInfo) -> String? {
        let remedy: String
        switch Compatibility(client: client, server: server) {
        case .compatible: return nil
        case .serverTooOld: remedy = "upgrade the server"
        case .serverTooNew: remedy = "upgrade the client"
        }
        return "the server (Cube \(server.version)) speaks \(Self.words(server.supported)) of the HTTP API, but this "
            + "client (\(client.version)) speaks \(Self.words(client.supported)); \(remedy)"
    }

    private static func words(_ versions: ClosedRange<Int>) -> String {
        versions.count == 1
            ? "version \(versions.lowerBound)" : "versions \(versions.lowerBound) to \(versions.upperBound)"
    }
}

extension Compatibility {
    /// A release and the versions of the HTTP API that it speaks.
    ///
    /// - Since: 0.1
    public struct Release: Hashable, Sendable {
        /// The first product version that speaks these API versions. The next row of the table ends the range.
        public var since: SemanticVersion
        /// The versions of the HTTP API that it speaks.
        public var api: ClosedRange<Int>
    }

    /// The releases that changed the supported API versions, oldest first. Two releases work together if their ranges overlap.
    public static let releases = [Release(since: SemanticVersion(0, 1, 0), api: 1...1)]

    /// Returns the API versions that a product version speaks; `nil` for a version before the first release.
    public static func api(of version: SemanticVersion) -> ClosedRange<Int>? {
        releases.last { $0.since <= version }?.api
    }
}
