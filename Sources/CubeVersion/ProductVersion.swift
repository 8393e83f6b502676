/// The version of the product, by the rules of semantic versioning.
///
/// - Since: 0.1
public enum ProductVersion {
    /// The version of this build.
    public static let current = "0.1.0"
    /// The same, to compare with.
    public static let semantic = SemanticVersion(current)!
}

/// The version of the HTTP interface: the `v1` of `/api/v1/…`.
///
/// - Since: 0.1
public enum APIVersion {
    /// The one that clients of this build ask for.
    public static let current = 1
    /// The versions that a server of this build answers, and that a client of this build can speak.
    public static let supported: ClosedRange<Int> = 1...1
}
