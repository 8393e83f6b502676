import CubeErrors
import CubeTypes
import Logging

/// Pulls images, each at most once at a time: a second task that needs the same image waits for the first pull.
actor ImagePulls {
    private var running: [String: Semaphore] = [:]
    private var waiting: [String: Int] = [:]

    /// Pulls an image, unless another caller pulled it meanwhile.
    func pull(_ image: String, with engine: EngineClient, _ logger: Logger) async throws {
        let semaphore = running[image] ?? Semaphore(1)
        running[image] = semaphore
        waiting[image, default: 0] += 1
        defer {
            waiting[image, default: 1] -= 1
            if waiting[image] == 0 { (running[image], waiting[image]) = (nil, nil) }
        }
        let isFirst = waiting[image] == 1
        try await semaphore.pass {
            // The caller may have waited for a long time.
            try Task.checkCancellation()
            if !isFirst, try await engine.hasImage(image) { return }
            let reference = ImageReference(image)
            logger.info("pulling image \(image)")
            do {
                try await engine.pull(
                    reference, authorization: try RegistryCredentials.load().authorization(for: reference.registry)
                ) { logger.debug("pulling image \(image): \($0)") }
            } catch EngineError.refused(_, let message) {
                throw APIError(.unavailable, "cannot pull image \(image): \(message)")
            }
            logger.info("pulled image \(image)")
        }
    }
}
