import CubeCore
import CubeManagerClient
import CubeTypes

/// A change of the tasks whose output is followed.
enum LogChange: Sendable {
    /// The complete list of tasks.
    case listed([LoggedTask])
    /// New and changed tasks, and the ids of removed ones.
    case changed([LoggedTask], removed: [TaskID])
}

/// The changes of an owner's tasks at a manager. While the manager is unavailable, the sequence waits for it.
struct ManagerLogChanges: AsyncSequence, Sendable {
    typealias Element = LogChange
    typealias Failure = any Error

    let client: ManagerClient
    let owner: OwnerName
    /// A task that is followed by its id. Its owner then replaces `owner`.
    let identifier: TaskID?

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(changes: self) }

    struct AsyncIterator: AsyncIteratorProtocol {
        private let changes: ManagerLogChanges
        private var watch: TaskWatch.AsyncIterator?

        init(changes: ManagerLogChanges) { self.changes = changes }

        mutating func next() async throws -> LogChange? {
            var watch = try await opened()
            guard let event = try await watch.next() else { return nil }
            self.watch = watch
            switch event {
            case .listed(let list): return .listed(list.tasks.map(LoggedTask.init))
            case .changed(let changes): return .changed(changes.changed.map(LoggedTask.init), removed: changes.removed)
            }
        }

        private func opened() async throws -> TaskWatch.AsyncIterator {
            if let watch { return watch }
            // If the manager is unavailable at the start, the command fails. Later, it waits for the manager.
            try await changes.client.ready()
            var owner = changes.owner
            if let id = changes.identifier { owner = try await changes.client.task(id).owner }
            return changes.client.watch(owner: owner).makeAsyncIterator()
        }
    }
}
