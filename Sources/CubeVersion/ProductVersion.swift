/// The version of the product, following semantic versioning.
///
/// - Since: 0.1
public enum ProductVersion {
    /// The version of this build.
    public static let current = "0.1.0"
    /// The version of this build, in comparable form.
    public static let semantic = SemanticVersion(current)!
}

/// The version of the HTTP API: the `v1` of `/api/v1/…`.
///
/// - Since: 0.1
public enum APIVersion {
    /// The version that clients of this build use.
    public static let current = 1
    /// The versions that servers and clients of this build speak.
    public static let supported: ClosedRange<Int> = 1...1
}
