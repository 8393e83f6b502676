/// The name of an image in a registry, in its parts.
///
/// The rules are those of Docker: the part before the first slash is a registry if it contains a dot or a colon or is `localhost`,
/// and the tag `latest` is meant if there is neither a tag nor a digest.
struct ImageReference: Hashable, Sendable {
    /// The name with its registry, as written.
    var name: String
    /// A tag such as `1.4`, or a digest such as `sha256:…`.
    var version: String

    init(_ text: String) {
        if let at = text.lastIndex(of: "@") {
            let named = ImageReference(String(text[..<at]))
            (name, version) = (named.name, String(text[text.index(after: at)...]))
            return
        }
        let slash = text.lastIndex(of: "/") ?? text.startIndex
        if let colon = text[slash...].lastIndex(of: ":") {
            (name, version) = (String(text[..<colon]), String(text[text.index(after: colon)...]))
        } else {
            (name, version) = (text, "latest")
        }
    }

    /// The host of the registry, with its port.
    var registry: String {
        guard let slash = name.firstIndex(of: "/") else { return "docker.io" }
        let host = name[..<slash]
        return host.contains(".") || host.contains(":") || host == "localhost" ? String(host) : "docker.io"
    }
}
