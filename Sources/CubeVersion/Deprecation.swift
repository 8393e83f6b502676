/// Says of an endpoint that it will go, and what takes its place. A server marks its answers with it in the header field
/// `Cube-Deprecated`; a client warns once of each. In Swift, `@available(*, deprecated, renamed:)` says the same.
///
/// - Since: 0.1
public struct Deprecation: Hashable, Sendable {
    /// The header field that says it.
    package static let headerName = "Cube-Deprecated"

    /// The version of the product that deprecated it.
    public var since: SemanticVersion
    /// The version that will not have it any more; at least one minor version later.
    public var until: SemanticVersion
    /// What to use instead, such as `GET /api/v2/manager/tasks`: printable ASCII.
    public var replacement: String

    public init(since: SemanticVersion, until: SemanticVersion, replacement: String) {
        self.since = since
        self.until = until
        self.replacement = replacement
    }

    /// As the header field says it: `since=0.3.0; until=0.5.0; use=GET /api/v2/manager/tasks`.
    public var header: String { "since=\(since); until=\(until); use=\(replacement)" }

    /// Reads the header field; `nil` for what is none.
    package init?(header: String) {
        var values: [Substring: Substring] = [:]
        var rest = header[...]
        while let equals = rest.firstIndex(of: "=") {
            let key = rest[..<equals].drop { $0 == " " }
            let value = rest[rest.index(after: equals)...]
            // The replacement is the last, and may hold anything.
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
