import CubeCore
import CubeManagerClient
import CubeTypes

/// What became of the tasks whose output is followed.
enum LogChange: Sendable {
    /// All there are.
    case listed([LoggedTask])
    /// Those that are new or otherwise than before, and those that are forgotten.
    case changed([LoggedTask], removed: [TaskID])
}

/// The tasks of an owner at a manager as they come and go; a manager that is away is waited for.
struct ManagerLogChanges: AsyncSequence, Sendable {
    typealias Element = LogChange
    typealias Failure = any Error

    let client: ManagerClient
    let owner: OwnerName
    /// A task that is followed by its id, whose owner counts.
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
            // A manager that was never there is an error; one that goes away later is waited for.
            try await changes.client.ready()
            var owner = changes.owner
            if let id = changes.identifier { owner = try await changes.client.task(id).owner }
            return changes.client.watch(owner: owner).makeAsyncIterator()
        }
    }
}
