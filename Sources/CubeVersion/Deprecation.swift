/// The deprecation of an endpoint: when it is removed, and its replacement. A server adds the header field `Cube-Deprecated` to the
/// endpoint's responses; a client logs one warning for each endpoint. In Swift, the equivalent is
/// `@available(*, deprecated, renamed:)`.
///
/// - Since: 0.1
public struct Deprecation: Hashable, Sendable {
    /// The name of the header field.
    package static let headerName = "Cube-Deprecated"

    /// The version of the product that deprecated it.
    public var since: SemanticVersion
    /// The version of the product that removes the endpoint; at least one minor version later.
    public var until: SemanticVersion
    /// The replacement, such as `GET /api/v2/manager/tasks`, in printable ASCII.
    public var replacement: String

    public init(since: SemanticVersion, until: SemanticVersion, replacement: String) {
        self.since = since
        self.until = until
        self.replacement = replacement
    }

    /// The value of the header field: `since=0.3.0; until=0.5.0; use=GET /api/v2/manager/tasks`.
    public var header: String { "since=\(since); until=\(until); use=\(replacement)" }

    /// Parses the value of the header field; `nil` if it is malformed.
    package init?(header: String) {
        var values: [Substring: Substring] = [:]
        var rest = header[...]
        while let equals = rest.firstIndex(of: "=") {
            let key = rest[..<equals].drop { $0 == " " }
            let value = rest[rest.index(after: equals)...]
            // The replacement comes last and may contain any character.
            let end = key == "use" ? value.endIndex : value.firstIndex(of: ";") ?? value.endIndex
            values[key] = value[..<end]
            rest = value[end...].dropFirst()
        }
        guard let since = values["since"].flatMap({ SemanticVersion(String($0)) }),
            let until = values["until"].flatMap({ SemanticVersion(String($0)) }),
            let replacement = values["use"]
        else { return nil }
        self.init(since: since, until: until, replacement: String(replacement))
    }
}
