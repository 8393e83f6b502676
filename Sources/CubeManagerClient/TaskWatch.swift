package import CubeErrors
public import CubeTypes

/// What a ``TaskWatch`` brings.
///
/// - Since: 0.1
public enum TaskWatchEvent: Hashable, Sendable {
    /// Everything, as it is now: what was known before counts no more.
    case listed(TaskList)
    /// What changed since the event before.
    case changed(TaskChanges)

    /// Where a watch goes on after it.
    public var position: WatchPosition {
        switch self {
        case .listed(let list): WatchPosition(revision: list.revision, term: list.term)
        case .changed(let changes): WatchPosition(revision: changes.revision, term: changes.term)
        }
    }
}

/// A place in the history of a cluster.
///
/// - Since: 0.1
public struct WatchPosition: Hashable, Sendable {
    /// All up to this revision is known.
    public var revision: Int
    /// The incarnation of the manager that gave the revision its meaning.
    public var term: Int

    public init(revision: Int, term: Int) {
        self.revision = revision
        self.term = term
    }
}

/// The tasks of an owner as they are, and then whatever changes, by blocking queries. See ``ManagerClient/watch(owner:since:)``.
///
/// - Since: 0.1
public struct TaskWatch: AsyncSequence, Sendable {
    public typealias Element = TaskWatchEvent
    public typealias Failure = any Error

    /// How long the manager may wait for a change before it answers that there is none.
    private static let wait: Duration = .seconds(30)

    let client: ManagerClient
    let owner: OwnerName
    let position: WatchPosition?
    /// Told of each call that nobody served, and by `nil` of the answer after them.
    var onChange: @Sendable (APIError?) -> Void = { _ in }

    /// The same watch, which tells when the manager is away and when it is back.
    package func tellingOutages(to onChange: @Sendable @escaping (APIError?) -> Void) -> TaskWatch {
        var watch = self
        watch.onChange = onChange
        return watch
    }

    public struct AsyncIterator: AsyncIteratorProtocol {
        let client: ManagerClient
        let owner: OwnerName
        var position: WatchPosition?
        let onChange: @Sendable (APIError?) -> Void

        public mutating func next() async throws -> TaskWatchEvent? {
            while true {
                let iterator = self
                let event = try await client.untilServed(onChange: onChange) { try await iterator.ask() }
                let isNews = event.position.revision != position?.revision
                position = event.position
                if case .changed(let changes) = event, !isNews, changes.isEmpty { continue }
                return event
            }
        }

        private func ask() async throws -> TaskWatchEvent {
            guard let position else { return .listed(try await client.tasks(owner: owner)) }
            do {
                return .changed(
                    try await client.changes(
                        owner: owner, since: position.revision, term: position.term, wait: TaskWatch.wait))
            } catch let error as APIError where error.reason == .revisionGone {
                return .listed(try await client.tasks(owner: owner))
            }
        }
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(client: client, owner: owner, position: position, onChange: onChange)
    }
}

extension TaskChanges {
    /// Whether the manager only said that it is still there.
    fileprivate var isEmpty: Bool { changed.isEmpty && removed.isEmpty && slots.isEmpty && owner == nil }
}
