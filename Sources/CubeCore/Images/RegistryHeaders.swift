/// How a registry wants to be asked: the header `WWW-Authenticate`.
package enum RegistryChallenge: Hashable, Sendable {
    /// With user and password.
    case basic
    /// With a token, which another server issues.
    case bearer(realm: String, service: String?, scope: String?)

    /// Parses the header; `nil` if the registry demands something else.
    package init?(_ header: String) {
        let scheme = header.prefix { $0 != " " }
        if scheme.lowercased() == "basic" {
            self = .basic
            return
        }
        let parameters = Self.parameters(in: header.dropFirst(scheme.count))
        guard scheme.lowercased() == "bearer", let realm = parameters["realm"] else { return nil }
        self = .bearer(realm: realm, service: parameters["service"], scope: parameters["scope"])
    }

    /// Reads `key="value"` pairs. A value in quotes may contain commas.
    private static func parameters(in text: Substring) -> [String: String] {
        var parameters: [String: String] = [:]
        var rest = text
        while let equals = rest.firstIndex(of: "=") {
            let key = rest[..<equals].filter { $0 != " " && $0 != "," }.lowercased()
            rest = rest[rest.index(after: equals)...]
            let value: Substring
            if rest.first == "\"" {
                value = rest.dropFirst().prefix { $0 != "\"" }
                rest = rest.dropFirst().dropFirst(value.count).dropFirst()
            } else {
                value = rest.prefix { $0 != "," }
                rest = rest.dropFirst(value.count)
            }
            parameters[key] = String(value)
        }
        return parameters
    }
}

/// The header `Link` with which a registry announces another page.
package enum RegistryLink {
    /// Returns the path of the next page; `nil` if there is none.
    package static func next(_ header: String) -> String? {
        for link in header.split(separator: ",") where link.contains("rel=\"next\"") || link.contains("rel=next") {
            guard let start = link.firstIndex(of: "<"), let end = link[start...].firstIndex(of: ">") else { continue }
            return String(link[link.index(after: start)..<end])
        }
        return nil
    }
}
