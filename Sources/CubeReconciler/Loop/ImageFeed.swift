package import CubeCore
import CubeErrors
import CubeSystem
import CubeTypes
import Logging
import Synchronization

/// Finds newer images.
package protocol ImageRegistry: Sendable {
    /// Asks the registry of an image.
    ///
    /// - Returns: The reference of the newest image; `nil` if that is the given one.
    func newest(of image: WatchedImage) async throws -> String?
}

/// Asks registries for newer images, for the manifests that want it, when ``ImageQuestions`` says so.
final class ImageFeed: Sendable {
    private let registry: any ImageRegistry
    private let clock: any Clock<Duration>
    private let now: @Sendable () -> Timestamp
    private let logger: Logger
    private let questions = Mutex(ImageQuestions())
    private let bell = Bell()

    init(
        _ registry: any ImageRegistry, clock: any Clock<Duration>, now: @escaping @Sendable () -> Timestamp,
        logger: Logger
    ) {
        self.registry = registry
        self.clock = clock
        self.now = now
        self.logger = logger
    }

    /// Replaces the images for which newer ones are looked for.
    func watch(_ images: [WorkloadName: WatchedImage]) {
        if questions.withLock({ $0.watch(images) }) { bell.ring() }
    }

    /// Runs until it is cancelled.
    func run(into inbox: Inbox) async {
        while !Task.isCancelled {
            await bell.wait(atMost: questions.withLock { $0.pause(at: now()) }, on: clock)
            var isChange = questions.withLock { $0.forgetOthers() }
            // One after the other, because registries limit the number of requests.
            while !Task.isCancelled, let (name, image) = questions.withLock({ $0.next(at: now()) }) {
                await ask(name, image)
                isChange = true
            }
            if isChange { inbox.put(questions.withLock { $0.found }) }
        }
    }

    private func ask(_ name: WorkloadName, _ image: WatchedImage) async {
        do {
            let newest = try await registry.newest(of: image)
            questions.withLock { $0.answered(name, image, newest: newest, at: now()) }
        } catch {
            let problem = APIError(wrapping: error).message
            let pause = questions.withLock { $0.failed(name, image, because: problem, at: now()) }
            guard let pause else { return }
            logger.warning(
                "cannot look for a newer image; this is tried again in \(pause.text)",
                metadata: ["name": "\(name)", "image": "\(image.reference)", "error": "\(problem)"])
        }
    }
}
