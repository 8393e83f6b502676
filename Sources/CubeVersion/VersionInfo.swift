/// The versions that a program speaks: the response of `/version`. Every response carries a short form in the header field
/// `Cube-Version`.
///
/// - Since: 0.1
public struct VersionInfo: Codable, Hashable, Sendable {
    /// The name of the header field.
    package static let headerName = "Cube-Version"

    /// The version of the product.
    public var version: String
    /// The preferred version of the HTTP API, which is the newest that the program speaks.
    public var api: Int
    /// The oldest version of the HTTP API that the program speaks. A server that omits this field speaks ``api`` alone.
    public var oldestAPI: Int

    /// All versions of the HTTP API that the program speaks.
    public var supported: ClosedRange<Int> { min(oldestAPI, api)...api }

    enum CodingKeys: String, CodingKey {
        case version, api
        case oldestAPI = "oldest_api"
    }

    /// Creates the version information; by default, of this build.
    public init(
        version: String = ProductVersion.current, api: Int = APIVersion.current,
        oldestAPI: Int = APIVersion.supported.lowerBound
    ) {
        self.version = version
        self.api = api
        self.oldestAPI = oldestAPI
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let api = try container.decode(Int.self, forKey: .api)
        // A value in a form that only a newer version knows counts as absent.
        let oldest = try? container.decodeIfPresent(Int.self, forKey: .oldestAPI)
        self.init(version: try container.decode(String.self, forKey: .version), api: api, oldestAPI: oldest ?? api)
    }
}

extension VersionInfo {
    /// The value of the header field: `0.1.0; api=1-1`.
    public var header: String { "\(version); api=\(oldestAPI)-\(api)" }

    /// Parses the value of the header field; `nil` if it is malformed. Parts that a newer version appends after another `;` are
    /// ignored.
    package init?(header: String) {
        let parts = header.split(separator: ";").map { $0.drop { $0 == " " } }
        guard let version = parts.first, !version.isEmpty,
            let range = parts.dropFirst().first(where: { $0.hasPrefix("api=") })?.dropFirst(4)
        else { return nil }
        let ends = range.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard ends.count == 2, let oldest = ends[0], let newest = ends[1], 1 <= oldest, oldest <= newest else {
            return nil
        }
        self.init(version: String(version), api: newest, oldestAPI: oldest)
    }
}
