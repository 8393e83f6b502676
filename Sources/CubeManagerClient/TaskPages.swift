public import CubeTypes

/// The pages of a task list, each fetched on demand. All pages show the list at the revision of the first page.
///
/// - Since: 0.1
public struct TaskPages: AsyncSequence, Sendable {
    public typealias Element = TaskList
    public typealias Failure = any Error

    /// Fetches the page at a cursor; `nil` for the first page.
    let page: @Sendable (String?) async throws -> TaskList

    public struct AsyncIterator: AsyncIteratorProtocol {
        private enum Place {
            case at(cursor: String?)
            case end
        }

        private let page: @Sendable (String?) async throws -> TaskList
        private var place = Place.at(cursor: nil)

        init(page: @Sendable @escaping (String?) async throws -> TaskList) { self.page = page }

        public mutating func next() async throws -> TaskList? {
            guard case .at(let cursor) = place else { return nil }
            place = .end
            let list = try await page(cursor)
            if let next = list.cursor { place = .at(cursor: next) }
            return list
        }
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(page: page) }

    /// The tasks of all pages.
    public var tasks: TaskSequence { TaskSequence(pages: self) }
}

/// The tasks of all pages, sorted by owner, name, ordinal and attempt.
///
/// - Since: 0.1
public struct TaskSequence: AsyncSequence, Sendable {
    public typealias Element = TaskStatus
    public typealias Failure = any Error

    let pages: TaskPages

    public struct AsyncIterator: AsyncIteratorProtocol {
        var pages: TaskPages.AsyncIterator
        var ready: ArraySlice<TaskStatus> = []

        public mutating func next() async throws -> TaskStatus? {
            while ready.isEmpty {
                guard let page = try await pages.next() else { return nil }
                ready = page.tasks[...]
            }
            return ready.removeFirst()
        }
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(pages: pages.makeAsyncIterator()) }
}
