/// An image of a container engine.
package struct LocalImage: Hashable, Sendable {
    /// The ID, such as `sha256:…`.
    package var id: String
    /// The tagged references that name the image, such as `nginx:1.27`.
    package var tags: [String]
    /// The references with the digests under which registries know the image, such as `nginx@sha256:…`.
    package var digests: [String]

    package init(id: String, tags: [String] = [], digests: [String] = []) {
        self.id = id
        self.tags = tags
        self.digests = digests
    }

    /// Returns the digest that identifies the image to people: the digest in the registry from which a reference pulls it, or the
    /// ID if no registry is known to have the image.
    package func digest(for reference: ImageReference) -> String {
        let known = digests.map { ImageReference($0) }.filter(\.isPinned)
        if reference.isPinned, known.contains(where: { $0.version == reference.version }) { return reference.version }
        let own = known.filter { $0.registry == reference.registry && $0.repository == reference.repository }
        return (own.isEmpty ? known : own).map(\.version).min() ?? id
    }
}

/// The images of a container engine, by what names them.
package struct LocalImages: Hashable, Sendable {
    private var byName: [String: LocalImage] = [:]
    private var byID: [String: LocalImage] = [:]

    package init(_ images: [LocalImage] = []) {
        // The order decides only if an engine reports one name twice.
        for image in images.sorted(by: { $0.id < $1.id }) {
            byID[image.id] = image
            for name in image.tags + image.digests { byName[ImageReference(name).canonical] = image }
        }
    }

    /// The canonical references of all images: first those with tags, then those with digests, each sorted.
    package var names: [String] {
        let names = byName.keys.sorted()
        return names.filter { !$0.contains("@") } + names.filter { $0.contains("@") }
    }

    /// Returns the image with an ID; `nil` if the engine has no such image.
    package subscript(id id: String) -> LocalImage? { byID[id] }

    /// Returns the image that a reference names; `nil` if the engine has no such image.
    package subscript(reference: ImageReference) -> LocalImage? { byName[reference.canonical] }

    /// Returns the digest of the image that a reference names now, if it is another image than the one that runs.
    ///
    /// - Parameters:
    ///   - reference: the reference of a task.
    ///   - id: the ID of the image that runs.
    /// - Returns: `nil` for a reference with a digest, which names no other image, and for a tag that names no image any more.
    package func moved(_ reference: ImageReference, from id: String) -> String? {
        guard !reference.isPinned, let image = self[reference], image.id != id else { return nil }
        return image.digest(for: reference)
    }
}
