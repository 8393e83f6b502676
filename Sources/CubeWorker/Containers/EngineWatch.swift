import AsyncHTTPClient
import CubeCore
import CubeSystem
import CubeTypes
import FoundationEssentials
import Glibc
import Logging
import NIOCore
import Synchronization

/// Watches the engine: whether it can be reached, and which containers changed.
///
/// An event only wakes whoever waits for the container, and the waiter then asks the engine for the state. While the connection is
/// cut off, events are lost, so every waiter is woken when it is back. A regular look at the list of containers finds changes
/// whose events were lost.
final class EngineWatch: Sendable {
    private let engine: EngineClient
    private let worker: NodeName
    private let clock: any Clock<Duration>
    private let logger: Logger
    private let state = Mutex(State())

    private struct State {
        var isAvailable = false
        var bells = Bells<String>()
    }

    private static let rescan = Duration.seconds(60)
    private static let backoff = Backoff(first: .milliseconds(100), longest: .seconds(5))

    init(engine: EngineClient, worker: NodeName, clock: any Clock<Duration>, logger: Logger) {
        self.engine = engine
        self.worker = worker
        self.clock = clock
        self.logger = logger
    }

    /// Whether the engine could be reached the last time.
    var isAvailable: Bool { state.withLock { $0.isAvailable } }

    // MARK: Listening

    /// Returns a listener for changes of the container with this name.
    func listen(to container: String) -> Bells<String>.Listener { state.withLock { $0.bells.listen(to: container) } }

    func leave(_ listener: Bells<String>.Listener) { state.withLock { $0.bells.leave(listener) } }

    func ring(_ container: String) { state.withLock { $0.bells.ring(container) } }

    // MARK: Watching

    /// Watches the engine until this task is cancelled.
    ///
    /// - Parameter changed: called when the engine becomes available or unavailable.
    func run(changed: @escaping @Sendable () async -> Void) async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.keepWatching(changed) }
            group.addTask { await self.keepRescanning() }
        }
    }

    private func keepWatching(_ changed: @Sendable () async -> Void) async {
        var failures = 0
        while !Task.isCancelled {
            do {
                engine.forget()
                // Most machines have no engine, and a look is cheaper than an attempt to connect.
                guard access(engine.socket, F_OK) == 0 else {
                    throw EngineError.unreachable(socket: engine.socket, cause: "there is no such socket")
                }
                let events = try await engine.stream(try engine.events(with: labels))
                failures = 0
                await become(available: true, changed)
                state.withLock { $0.bells.ringAll() }
                var lines = MessageSplitter()
                for try await buffer in events {
                    for line in lines.take(buffer.readableBytesView) { take(line) }
                }
                throw EngineError.unreachable(socket: engine.socket, cause: "it closed the stream of events")
            } catch {
                guard !Task.isCancelled else { return }
                failures += 1
                report(engine.failure(error), isFirst: failures == 1)
                await become(available: false, changed)
                try? await clock.sleep(for: Self.backoff.step(after: failures))  // Cancelled at shutdown.
            }
        }
    }

    /// Looks at the list of containers at regular intervals, in case an event was lost.
    private func keepRescanning() async {
        while !Task.isCancelled {
            try? await clock.sleep(for: Self.rescan)  // Cancelled at shutdown.
            guard isAvailable else { continue }
            do {
                let running = Set(
                    try await engine.containers(with: labels).filter { $0.state == "running" }.compactMap(\.name))
                state.withLock { state in
                    for name in state.bells.topics where !running.contains(name) { state.bells.ring(name) }
                }
            } catch {
                logger.debug("cannot list the containers: \(error)")
            }
        }
    }

    /// Logs that the engine cannot be reached, unless the machine has no engine.
    private func report(_ error: any Error, isFirst: Bool) {
        guard isFirst || isAvailable else { return }
        guard isAvailable || access(engine.socket, F_OK) == 0 else {
            return logger.debug("there is no container engine at \(engine.socket)")
        }
        logger.warning("\(error); Cube starts and stops no containers until it responds")
    }

    private func take(_ line: [UInt8]) {
        struct Event: Decodable {
            struct Subject: Decodable { var attributes: [String: String]? }
            var actor: Subject?
        }
        // An event that is not understood is found by the next rescan.
        guard let event = try? EngineJSON.decode(Event.self, from: line) else { return }
        if let name = event.actor?.attributes?["name"] { ring(name) }
    }

    private func become(available: Bool, _ changed: @Sendable () async -> Void) async {
        let isChange = state.withLock { state in
            defer { state.isAvailable = available }
            return state.isAvailable != available
        }
        guard isChange else { return }
        if available { logger.info("the container engine at \(engine.socket) is available") }
        await changed()
    }

    private var labels: [String: String] { [ContainerSpec.Label.worker: worker.rawValue] }
}
