/// Whether a client and a server understand each other.
///
/// The rule: they do if there is a version of the HTTP interface that both speak, and they speak the newest of those. Within
/// such a version a server may add endpoints, fields and words, and a client passes over what it does not know; nothing is
/// taken away and no default changes. So a client works with every server of its interface's version, older or newer.
///
/// - Since: 0.1
public enum Compatibility: Hashable, Sendable {
    /// They speak this version of the HTTP interface.
    case compatible(api: Int)
    /// The server speaks only versions that are older than those of the client: upgrade the server.
    case serverTooOld
    /// The server speaks only versions that are newer than those of the client: upgrade the client.
    case serverTooNew

    /// - Parameters:
    ///   - client: by default this build.
    ///   - server: what it answers at `/version`.
    public init(client: VersionInfo = VersionInfo(), server: VersionInfo) {
        if server.supported.upperBound < client.supported.lowerBound {
            self = .serverTooOld
        } else if server.supported.lowerBound > client.supported.upperBound {
            self = .serverTooNew
        } else {
            self = .compatible(api: min(client.supported.upperBound, server.supported.upperBound))
        }
    }

    /// Why they do not understand each other, in a sentence; `nil` where they do.
    public static func problem(client: VersionInfo = VersionInfo(), server: VersionInfo) -> String? {
        let remedy: String
        switch Compatibility(client: client, server: server) {
        case .compatible: return nil
        case .serverTooOld: remedy = "upgrade the server"
        case .serverTooNew: remedy = "upgrade the client"
        }
        return "the server is Cube \(server.version) and speaks \(Self.words(server.supported)) of the HTTP interface, "
            + "this client is \(client.version) and speaks \(Self.words(client.supported)): \(remedy)"
    }

    private static func words(_ versions: ClosedRange<Int>) -> String {
        versions.count == 1
            ? "version \(versions.lowerBound)" : "versions \(versions.lowerBound) to \(versions.upperBound)"
    }
}

extension Compatibility {
    /// A release and the versions of the HTTP interface that its programs speak.
    ///
    /// - Since: 0.1
    public struct Release: Hashable, Sendable {
        /// The first version of the product of which this is true; it is until that of the next row.
        public var since: SemanticVersion
        /// The versions of the HTTP interface that it speaks.
        public var api: ClosedRange<Int>
    }

    /// Every change of what is spoken, oldest first: two releases work together if their ranges meet.
    public static let releases = [Release(since: SemanticVersion(0, 1, 0), api: 1...1)]

    /// What a version of the product speaks; `nil` for one before the first.
    public static func api(of version: SemanticVersion) -> ClosedRange<Int>? {
        releases.last { $0.since <= version }?.api
    }
}
