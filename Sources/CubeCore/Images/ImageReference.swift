package import CubeTypes

/// The name of an image in a registry, in its parts.
///
/// The rules are those of Docker: the part before the first slash is a registry if it contains a dot or a colon or is `localhost`,
/// and the tag `latest` is meant if there is neither a tag nor a digest.
package struct ImageReference: Hashable, Sendable {
    /// The name with its registry, as written.
    package var name: String
    /// A tag such as `1.4`, or a digest such as `sha256:…`.
    package var version: String
    /// Whether the reference contains a digest, so that it always names the same image.
    package var isPinned: Bool

    package init(_ text: String) {
        let written = WrittenImage(text)
        name = written.name
        version = written.digest ?? written.tag ?? "latest"
        isPinned = written.digest != nil
    }

    /// The host of the registry, with its port.
    package var registry: String { parts.registry ?? Self.hub }

    /// The name without its registry. An official image of Docker Hub is in the repository `library`.
    package var repository: String {
        let (registry, path) = parts
        let isOnHub = registry == nil || registry == Self.hub || registry == "index.docker.io"
        return isOnHub && !path.contains("/") ? "library/\(path)" : path
    }

    /// The reference with its registry, its repository and its tag or digest, whatever was left out when it was written. Two
    /// references mean the same image if their canonical forms are equal.
    package var canonical: String {
        let host = registry == "index.docker.io" ? Self.hub : registry
        return "\(host)/\(repository)\(isPinned ? "@" : ":")\(version)"
    }

    private static let hub = "docker.io"

    private var parts: (registry: String?, path: String) {
        guard let slash = name.firstIndex(of: "/") else { return (nil, name) }
        let host = name[..<slash]
        guard host.contains(".") || host.contains(":") || host == "localhost" else { return (nil, name) }
        return (String(host), String(name[name.index(after: slash)...]))
    }
}

extension TaskDefinition {
    /// The reference of the image with everything that may be left out; `nil` for a process.
    package var fullImageReference: String? { image.map { ImageReference($0).canonical } }
}
