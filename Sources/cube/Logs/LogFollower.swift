import CubeCore
import CubeErrors
import CubeText
import CubeTypes
import Synchronization

/// Follows the output of workloads across all of their tasks.
struct LogFollower {
    let source: any OutputSource
    let owner: OwnerName
    let subjects: [LogSubject]
    let selection: LogSelection
    let writer: LogWriter

    /// Follows the output until it ends, or until the output stream has no reader, as with `| head`.
    func run() async throws {
        let (readerLeft, teller) = AsyncStream.makeStream(of: Void.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await follow(teller) }
            group.addTask { for await _ in readerLeft { return } }
            try await group.next()
            group.cancelAll()
        }
    }

    private func follow(_ teller: AsyncStream<Void>.Continuation) async throws {
        let prefix = Prefix(isOn: subjects.count != 1)
        try await withThrowingDiscardingTaskGroup { group in
            var follow = LogFollow(subjects)
            for try await change in try source.changes(of: owner, subjects) {
                let openings = follow.take(change)
                if follow.isPrefixed { prefix.turnOn() }
                for opening in openings {
                    if opening.isNew {
                        Terminal.note("\("\(opening.task.slot): attempt \(opening.task.attempt) started", .dim)")
                    }
                    group.addTask {
                        if await !copy(opening, prefix) { teller.yield() }
                    }
                }
                if follow.isOver { break }
            }
        }
    }

    /// - Returns: Whether the output stream still has a reader.
    private func copy(_ opening: LogFollow.Opening, _ prefix: Prefix) async -> Bool {
        var part = selection
        part.follow = true
        if opening.isNew { (part.tail, part.since) = (nil, nil) }
        do {
            return try await writer.copy(
                source.output(of: opening.task.id, part), of: opening.task, prefixed: { prefix.isOn })
        } catch is CancellationError {
            return true
        } catch {
            // The output of the other tasks continues.
            Terminal.note("\(opening.task.slot): \(Failure(error).message)")
            return true
        }
    }

    /// Whether lines begin with the name of their task. Once turned on, this stays on.
    private final class Prefix: Sendable {
        private let value: Mutex<Bool>

        init(isOn: Bool) { value = Mutex(isOn) }

        var isOn: Bool { value.withLock(\.self) }

        func turnOn() { value.withLock { $0 = true } }
    }
}
