/// What a program speaks: the answer of `/version`, and in short in the header field `Cube-Version` of every answer.
///
/// - Since: 0.1
public struct VersionInfo: Codable, Hashable, Sendable {
    /// The header field that says it.
    package static let headerName = "Cube-Version"

    /// The version of the product.
    public var version: String
    /// The version of the HTTP interface that it prefers: the newest that it speaks.
    public var api: Int
    /// The oldest version of the HTTP interface that it speaks. A server that does not say it speaks ``api`` alone.
    public var oldestAPI: Int

    /// All versions of the HTTP interface that it speaks.
    public var supported: ClosedRange<Int> { min(oldestAPI, api)...api }

    enum CodingKeys: String, CodingKey {
        case version, api
        case oldestAPI = "oldest_api"
    }

    /// By default what this build is.
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
        // A form that a newer version gives it is passed over like its absence.
        let oldest = try? container.decodeIfPresent(Int.self, forKey: .oldestAPI)
        self.init(version: try container.decode(String.self, forKey: .version), api: api, oldestAPI: oldest ?? api)
    }
}

extension VersionInfo {
    /// As the header field says it: `0.1.0; api=1-1`.
    public var header: String { "\(version); api=\(oldestAPI)-\(api)" }

    /// Reads the header field; `nil` for what is none. What a newer version adds after another `;` is passed over.
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
