/// The version of the product, by the rules of semantic versioning.
public enum ProductVersion {
    public static let current = "0.1.0"
}

/// The version of the HTTP interface: the `v1` of `/api/v1/…`.
public enum APIVersion {
    public static let current = 1
    /// The versions that a server of this build answers.
    public static let supported: ClosedRange<Int> = 1...1
}

/// The answer of `/version`.
public struct VersionInfo: Codable, Hashable, Sendable {
    /// The version of the product that answers.
    public var version: String
    /// The version of the HTTP interface that it prefers.
    public var api: Int

    public init(version: String = ProductVersion.current, api: Int = APIVersion.current) {
        self.version = version
        self.api = api
    }
}
