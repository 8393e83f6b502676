import AsyncHTTPClient
import CubeCore
import CubeSystem
import CubeTypes
import FoundationEssentials
import Logging
import NIOCore
import SystemPackage

/// Copies the output of a container from its engine into the log of the task, without a gap or a repetition if the worker is killed
/// meanwhile: an ``OutputCursor`` beside the log says how far it was copied.
actor ContainerOutput {
    /// The name of the container.
    let container: String
    let engine: EngineClient
    let log: TaskLog
    let clock: any Clock<Duration>
    let logger: Logger
    /// Whether the container was seen to have ended. Only then, its output is complete: Docker ends the stream of a container that
    /// is ending before its last bytes.
    private var hasEnded = false

    /// The logs are written on a thread of their own, because a slow disk must not hold up other work.
    private static let executor = BlockingExecutor("cube-container-output")

    nonisolated var unownedExecutor: UnownedSerialExecutor { Self.executor.asUnownedSerialExecutor() }

    init(container: String, engine: EngineClient, log: TaskLog, clock: any Clock<Duration>, logger: Logger) {
        self.container = container
        self.engine = engine
        self.log = log
        self.clock = clock
        self.logger = logger
    }

    /// How often the cursor is written while output arrives. A worker that was killed reads the output of this time again.
    private static let interval = Duration.seconds(1)
    /// How long the rest of the output of an ended container may take.
    private static let limit = Duration.seconds(20)

    /// Copies output until the container ends or this task is cancelled.
    func follow() async {
        var failures = 0
        while !Task.isCancelled {
            do {
                try await copy()
                if try cursor()?.isComplete == true { return }
                if hasEnded { continue }
                // The engine ended the stream of a container that is running.
                try await clock.sleep(for: .seconds(1))
            } catch let error as EngineError where error.isNotFound {
                // The container was removed, or not created yet; whoever waits for its end finds out.
                return
            } catch {
                guard !Task.isCancelled else { return }
                failures += 1
                if failures == 1 { logger.warning("\(container): cannot copy its output: \(error); this is retried") }
                // Cancelled at shutdown.
                try? await clock.sleep(
                    for: Backoff(first: .milliseconds(200), longest: .seconds(10)).step(after: failures))
            }
        }
    }

    /// Copies the rest of the output of a container that has ended.
    func copyToEnd() async {
        do {
            if try cursor()?.isComplete == true { return }
            let isDone = try await clock.within(Self.limit) {
                try await self.look()
                try await self.copy()
                return true
            }
            if isDone != true { logger.warning("\(container): its output was not complete within \(Self.limit.text)") }
        } catch is CancellationError {
        } catch {
            logger.warning("\(container): cannot copy the rest of its output: \(error)")
        }
    }

    /// Finds out whether the container has ended.
    private func look() async throws {
        hasEnded = try await engine.container(container)?.status.phase == .exited
    }

    /// Copies the output that the engine has, or gets while the container runs.
    private func copy() async throws {
        let known = try self.cursor()
        if known == nil { try log.endLine() }
        var writer = try TaskLogWriter.open(log)
        let cursor = try known ?? firstCursor(at: writer.end)
        guard !cursor.isComplete else { return }
        var reading = OutputReading(
            after: cursor, copied: try log.bytes(from: (cursor.number, cursor.offset)))
        // From a little earlier, because Podman leaves out the moment itself. The reading leaves out what was copied.
        let since = cursor.time > 0 ? EngineTime(nanoseconds: cursor.time - 1_000_000).parameter : nil
        var frames = FrameSplitter()
        var saved = Self.stopwatch(clock)
        for try await buffer in try await engine.stream(engine.output(of: container, since: since)) {
            for payload in frames.take(buffer.readableBytesView) {
                let (time, text) = Self.parts(of: payload)
                let (rest, number) = (reading.take(text, at: time?.nanoseconds), writer.end.number)
                if !rest.isEmpty { try writer.write(Array(rest), at: reading.cursor.time / 1_000_000) }
                reading.reached(number: writer.end.number, offset: writer.end.offset)
                if reading.hasCaughtUp, writer.end.number != number || saved() >= Self.interval {
                    try save(reading.cursor)
                    saved = Self.stopwatch(clock)
                }
            }
        }
        if hasEnded { reading.complete() } else { try await look() }
        if reading.hasCaughtUp || reading.cursor.isComplete { try save(reading.cursor) }
    }

    /// Splits a frame into its time stamp and its text.
    private static func parts(of payload: ArraySlice<UInt8>) -> (EngineTime?, ArraySlice<UInt8>) {
        guard let space = payload.prefix(64).firstIndex(of: UInt8(ascii: " ")),
            let time = EngineTime(String(decoding: payload[..<space], as: UTF8.self))
        else { return (nil, payload) }
        return (time, payload[(space + 1)...])
    }

    private static func stopwatch(_ clock: some Clock<Duration>) -> () -> Duration {
        let start = clock.now
        return { start.duration(to: clock.now) }
    }

    // MARK: The cursor

    private static let cursorName = "cursor"

    /// Returns the cursor of this container; `nil` if none of its output was copied yet.
    private func cursor() throws -> OutputCursor? {
        guard let bytes = try LocalFiles.read("\(log.directory)/\(Self.cursorName)") else { return nil }
        // A damaged cursor counts as missing: the output is then copied again.
        guard let cursor = try? JSONDecoder().decode(OutputCursor.self, from: Data(bytes)) else { return nil }
        return cursor.container == container ? cursor : nil
    }

    /// Returns the cursor of a container of which no output was copied yet. It is written before any output is, so that a worker
    /// that is killed soon afterwards does not copy the output again.
    private func firstCursor(at end: (number: Int, offset: Int64)) throws -> OutputCursor {
        let cursor = OutputCursor(container: container, number: end.number, offset: end.offset)
        try save(cursor)
        return cursor
    }

    private func save(_ cursor: OutputCursor) throws {
        try LocalFiles.write(
            Array(try JSONEncoder().encode(cursor)), to: Self.cursorName, in: log.directory, durably: false)
    }
}

extension TaskLog {
    /// Returns how many bytes the log holds after a place.
    fileprivate func bytes(from place: (number: Int, offset: Int64)) throws -> Int {
        let sizes = try numbers().filter { $0 >= place.number }.map { number in
            let size =
                try open(number).map { file in try file.closeAfter { try file.seek(offset: 0, from: .end) } } ?? 0
            return number == place.number ? size - place.offset : size
        }
        return max(Int(sizes.reduce(0, +)), 0)
    }
}
