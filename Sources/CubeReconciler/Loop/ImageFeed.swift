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

/// Asks registries for newer images, for the manifests that want it: at once after a change of the manifest, and then every hour.
final class ImageFeed: Sendable {
    private struct State {
        var wanted: [WorkloadName: WatchedImage] = [:]
        var known: [WorkloadName: Answer] = [:]
    }

    /// What a registry answered last.
    private struct Answer {
        var image: WatchedImage
        var at: Timestamp
        var newest: String?
        var problem: String?
    }

    private static let period = Duration.seconds(3600)

    private let registry: any ImageRegistry
    private let clock: any Clock<Duration>
    private let now: @Sendable () -> Timestamp
    private let logger: Logger
    private let state = Mutex(State())
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
        let isChange = state.withLock { state in
            defer { state.wanted = images }
            return state.wanted != images
        }
        if isChange { bell.ring() }
    }

    /// Runs until it is cancelled.
    func run(into inbox: Inbox) async {
        while !Task.isCancelled {
            await bell.wait(atMost: pause, on: clock)
            var isChange = forgetOthers()
            // One after the other, because registries limit the number of requests.
            while let (name, image) = nextDue(), !Task.isCancelled {
                await ask(name, image)
                isChange = true
            }
            if isChange { inbox.put(found) }
        }
    }

    /// The time until the next question; `nil` if there is none.
    private var pause: Duration? {
        let first = state.withLock { $0.known.values.map(\.at).min() }
        return first.map { max(.zero, $0 + Self.period - now()) }
    }

    private var found: [WorkloadName: NewerImage] {
        state.withLock { state in
            state.known.compactMapValues { answer in
                answer.newest.map { NewerImage(than: answer.image.reference, newest: $0) }
            }
        }
    }

    /// Forgets the answers about images that are no longer watched.
    ///
    /// - Returns: Whether there were any.
    private func forgetOthers() -> Bool {
        state.withLock { state in
            let count = state.known.count
            state.known = state.known.filter { state.wanted[$0.key] == $0.value.image }
            return state.known.count != count
        }
    }

    private func nextDue() -> (WorkloadName, WatchedImage)? {
        let now = now()
        return state.withLock { state in
            state.wanted.filter { name, _ in state.known[name].map { $0.at + Self.period <= now } ?? true }
                .min { $0.key < $1.key }
        }.map { ($0.key, $0.value) }
    }

    private func ask(_ name: WorkloadName, _ image: WatchedImage) async {
        var answer = Answer(image: image, at: now())
        let former = state.withLock { $0.known[name] }
        do {
            answer.newest = try await registry.newest(of: image)
        } catch {
            // The last answer stays valid.
            answer.newest = former?.newest
            answer.problem = APIError(wrapping: error).message
            if answer.problem != former?.problem {
                logger.warning(
                    "cannot look for a newer image; this is tried again in an hour",
                    metadata: ["name": "\(name)", "image": "\(image.reference)", "error": "\(answer.problem ?? "")"])
            }
        }
        state.withLock { $0.known[name] = answer }
    }
}
