import CubeTypes

/// The image of a workload for which newer images are looked for, because its manifest says how.
package struct WatchedImage: Hashable, Sendable {
    /// The reference in the manifest.
    package let reference: String
    package let update: ImageUpdate

    package init(reference: String, update: ImageUpdate) {
        self.reference = reference
        self.update = update
    }

    /// - Returns: `nil` if the manifest does not ask for newer images.
    init?(_ workload: Workload) {
        guard let reference = workload.definition.image, let update = workload.steering.imageUpdate else { return nil }
        self.init(reference: reference, update: update)
    }
}

/// A newer image than that of a manifest, which a registry has.
package struct NewerImage: Hashable, Sendable {
    /// The reference in the manifest for which the newer image was found.
    package let reference: String
    package let newest: String

    package init(than reference: String, newest: String) {
        self.reference = reference
        self.newest = newest
    }
}
