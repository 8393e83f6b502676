import CubeCore
import CubeErrors
import CubeTypes
import Logging
import Synchronization

/// Pulls images, each at most once at a time: a second task that needs the same image waits for the first pull.
final class ImagePulls: Sendable {
    private let state = Mutex(State())

    private struct State {
        var pulls: [String: Pull] = [:]
    }

    /// The pull of one image, and those who wait for it.
    private struct Pull {
        let semaphore = Semaphore(1)
        var waiting = 0
        /// How often the image was pulled while somebody waited.
        var completed = 0
        var progress = PullProgress()
    }

    /// Returns how far the pull of an image is, in words; `nil` if it is not being pulled or nothing is known yet.
    func progress(of image: String) -> String? { state.withLock { $0.pulls[image]?.progress.text } }

    /// Pulls an image, unless another caller pulled it meanwhile.
    ///
    /// - Parameter credentials: the credentials of the task; `nil` for those of the configuration file of Docker.
    func pull(
        _ image: String, with engine: EngineClient, credentials: RegistryCredentials.Login?, _ logger: Logger
    ) async throws {
        let (semaphore, completed) = state.withLock { state in
            state.pulls[image, default: Pull()].waiting += 1
            return (state.pulls[image]!.semaphore, state.pulls[image]!.completed)
        }
        defer {
            state.withLock { state in
                state.pulls[image]?.waiting -= 1
                if state.pulls[image]?.waiting == 0 { state.pulls[image] = nil }
            }
        }
        try await semaphore.pass {
            // The caller may have waited for a long time.
            try Task.checkCancellation()
            guard state.withLock({ $0.pulls[image]?.completed == completed }) else { return }
            try await carryOut(image, engine, credentials, logger)
            state.withLock { $0.pulls[image]?.completed += 1 }
        }
    }

    private func carryOut(
        _ image: String, _ engine: EngineClient, _ credentials: RegistryCredentials.Login?, _ logger: Logger
    ) async throws {
        let reference = ImageReference(image)
        state.withLock { $0.pulls[image]?.progress = PullProgress() }
        let configured = try credentials == nil ? RegistryCredentials.load() : RegistryCredentials()
        logger.info("pulling image \(image)")
        do {
            try await engine.pull(
                reference, authorization: (credentials ?? configured.login(for: reference.registry))?.header
            ) { message in
                state.withLock { $0.pulls[image]?.progress.take(message) }
            }
        } catch EngineError.refused(_, let message) {
            let hint = configured.unsupportedHelper(for: reference.registry).map { "; \($0)" } ?? ""
            throw APIError(.unavailable, "cannot pull image \(image): \(message)\(hint)")
        }
        logger.info("pulled image \(image)")
    }
}

extension PullProgress {
    fileprivate mutating func take(_ message: EngineClient.PullMessage) {
        take(
            id: message.id, status: message.status ?? "", current: message.progressDetail?.current,
            total: message.progressDetail?.total)
    }
}
