import AsyncHTTPClient
import CubeCore
import CubeSystem
import CubeTypes
import Glibc
import Logging
import Synchronization

/// Knows the images of the engine. An event only causes the list to be read again.
final class ImageWatch: Sendable {
    private let engine: EngineClient
    private let clock: any Clock<Duration>
    private let logger: Logger
    private let known = Mutex(LocalImages())
    /// The images that were asked for because the list did not have them yet. The next list replaces them.
    private let extra = Mutex<[String: LocalImage]>([:])
    private let bell = Bell()

    /// The time after which the list is read again in case an event was lost.
    private static let rescan = Duration.seconds(300)
    private static let backoff = Backoff(first: .seconds(1), longest: .seconds(10))

    init(engine: EngineClient, clock: any Clock<Duration>, logger: Logger) {
        self.engine = engine
        self.clock = clock
        self.logger = logger
    }

    /// The images of the last look; none before the first one.
    var images: LocalImages { known.withLock { $0 } }

    /// Returns the image with an ID; `nil` if the engine has no such image.
    func image(_ id: String) async throws -> LocalImage? {
        if let image = images[id: id] ?? extra.withLock({ $0[id] }) { return image }
        let image = try await engine.image(id)
        extra.withLock { $0[id] = image }
        return image
    }

    /// Watches the engine until this task is cancelled.
    ///
    /// - Parameter changed: called with the images before and after a change.
    func run(changed: @escaping @Sendable (_ former: LocalImages, _ now: LocalImages) async -> Void) async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.keepListening() }
            group.addTask { await self.keepReading(changed) }
        }
    }

    private func keepListening() async {
        var failures = 0
        while !Task.isCancelled {
            do {
                if access(engine.socket, F_OK) == 0 {
                    let events = try await engine.stream(engine.imageEvents)
                    failures = 0
                    // Events were lost while nobody listened.
                    bell.ring()
                    for try await _ in events { bell.ring() }
                }
            } catch {
                // The watch of the containers logs an outage once.
                if !Task.isCancelled { logger.debug("cannot watch the images: \(engine.failure(error))") }
            }
            failures += 1
            try? await clock.sleep(for: Self.backoff.step(after: failures))  // Cancelled at shutdown.
        }
    }

    private func keepReading(_ changed: @Sendable (LocalImages, LocalImages) async -> Void) async {
        while !Task.isCancelled {
            await bell.wait(atMost: Self.rescan, on: clock)
            guard !Task.isCancelled, access(engine.socket, F_OK) == 0 else { continue }
            do {
                let images = LocalImages(try await engine.images())
                let former = known.withLock { known in
                    defer { known = images }
                    return known
                }
                extra.withLock { $0 = [:] }
                if former != images { await changed(former, images) }
            } catch {
                logger.debug("cannot list the images: \(error)")
            }
        }
    }
}
