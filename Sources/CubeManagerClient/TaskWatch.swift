package import CubeErrors
public import CubeTypes

/// An event of a ``TaskWatch``.
///
/// - Since: 0.1
public enum TaskWatchEvent: Hashable, Sendable {
    /// The complete list. It replaces everything that was known before.
    case listed(TaskList)
    /// The changes since the previous event.
    case changed(TaskChanges)

    /// The position from which a watch continues after this event.
    public var position: WatchPosition {
        switch self {
        case .listed(let list): WatchPosition(revision: list.revision, term: list.term)
        case .changed(let changes): WatchPosition(revision: changes.revision, term: changes.term)
        }
    }
}

/// A position in the history of a cluster.
///
/// - Since: 0.1
public struct WatchPosition: Hashable, Sendable {
    /// The last revision whose changes are known.
    public var revision: Int
    /// The term of the manager incarnation that assigned the revision.
    public var term: Int

    public init(revision: Int, term: Int) {
        self.revision = revision
        self.term = term
    }
}

/// The tasks of an owner and then each change, fetched with blocking queries. See ``ManagerClient/watch(owner:since:)``.
///
/// - Since: 0.1
public struct TaskWatch: AsyncSequence, Sendable {
    public typealias Element = TaskWatchEvent
    public typealias Failure = any Error

    /// How long the manager waits for a change before it responds without one.
    private static let wait: Duration = .seconds(30)

    let client: ManagerClient
    let owner: OwnerName
    let position: WatchPosition?
    /// Called with the error of each call that no manager served, and with `nil` at the first response after an outage.
    var onChange: @Sendable (APIError?) -> Void = { _ in }

    /// Returns the same watch, which also reports when the manager becomes unreachable and when it responds again.
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
    /// Whether the response contains no change, because the blocking query ended without one.
    fileprivate var isEmpty: Bool { changed.isEmpty && removed.isEmpty && slots.isEmpty && owner == nil }
}
