/// The reference of an image in a manifest, in the parts that an update replaces.
package struct WrittenImage: Hashable, Sendable, CustomStringConvertible {
    /// The name with its registry, as written.
    package var name: String
    /// The tag, as written; `nil` if there is none.
    package var tag: String?
    /// The digest, such as `sha256:…`; `nil` if there is none.
    package var digest: String?

    package init(_ text: String) {
        let at = text.firstIndex(of: "@")
        let named = text[..<(at ?? text.endIndex)]
        digest = at.map { String(text[text.index(after: $0)...]) }
        let slash = named.lastIndex(of: "/") ?? named.startIndex
        if let colon = named[slash...].lastIndex(of: ":") {
            (name, tag) = (String(named[..<colon]), String(named[named.index(after: colon)...]))
        } else {
            (name, tag) = (String(named), nil)
        }
    }

    package var description: String { name + (tag.map { ":\($0)" } ?? "") + (digest.map { "@\($0)" } ?? "") }

    /// The reference of the tag in the registry, without the digest.
    package var tagged: ImageReference { ImageReference("\(name):\(tag ?? "latest")") }

    /// Returns the reference with another tag. A digest is replaced by that of the tag.
    package func with(tag: String, digest: String?) -> WrittenImage {
        var image = self
        (image.tag, image.digest) = (tag, digest)
        return image
    }
}
