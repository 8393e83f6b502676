import CubeCore
import CubeErrors
import CubeReconciler
import CubeSystem
import CubeTypes
import CubeWorker

/// Finds newer images for a reconciler. The credentials are read for each question, because they may change.
struct Registries: ImageRegistry {
    func newest(of image: WatchedImage) async throws -> String? {
        try await RegistryClient.open(clock: BootClock.timer).newest(of: image)
    }
}

extension RegistryClient {
    /// Returns the newest image by the policy of a manifest; `nil` if that is the image of the manifest.
    ///
    /// - Throws: `conflict` if the tags cannot be compared; otherwise, the error of the registry.
    func newest(of watched: WatchedImage) async throws -> String? {
        let image = WrittenImage(watched.reference)
        var newest = image
        switch watched.update.policy {
        case .digest:
            newest.digest = try await digest(of: image.tagged)
        case .semver, .alphabetical:
            switch watched.update.choose(among: try await tags(of: image.tagged), current: image.tag ?? "latest") {
            case .current: return nil
            case .undecidable(let reason): throw APIError(.conflict, reason)
            case .newer(let tag):
                newest = image.with(tag: tag, digest: nil)
                // An image that is pinned stays pinned.
                if image.digest != nil { newest.digest = try await digest(of: newest.tagged) }
            }
        }
        return newest == image ? nil : newest.description
    }
}
