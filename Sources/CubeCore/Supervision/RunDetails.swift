/// What a runtime knows of a live run, apart from the fact that it runs. It may change during the run.
package struct RunDetails: Codable, Hashable, Sendable {
    /// The digest of the image of the container; `nil` for a process.
    package var image: String?
    /// The digest of the image that the task's reference names on this node now, if it is another image.
    package var movedTo: String?
    /// The state of the health check that the image declares; `nil` if it declares none.
    package var imageHealth: ImageHealth?

    package init(image: String? = nil, movedTo: String? = nil, imageHealth: ImageHealth? = nil) {
        self.image = image
        self.movedTo = movedTo
        self.imageHealth = imageHealth
    }
}

/// The state of the health check that an image declares. The engine carries the check out.
package enum ImageHealth: Codable, Hashable, Sendable {
    /// The check has not passed yet, and has not failed often enough to count.
    case starting
    case healthy
    /// The check fails; with the end of the output of the last one, which may be empty.
    case unhealthy(String)

    /// Why a task whose manifest declares no checks is not ready; `nil` if it is.
    package var unreadiness: String? {
        switch self {
        case .starting: "the health check of the image has not passed yet"
        case .healthy: nil
        case .unhealthy(""): "the health check of the image fails"
        case .unhealthy(let output): "the health check of the image fails: \(output)"
        }
    }
}
