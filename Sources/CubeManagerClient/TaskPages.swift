public import CubeTypes

/// The pages of a list, each asked for when it is wanted. All are true at the revision of the first.
///
/// - Since: 0.1
public struct TaskPages: AsyncSequence, Sendable {
    public typealias Element = TaskList
    public typealias Failure = any Error

    /// Asks for the page at a cursor; `nil` for the first.
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

    /// Every task of every page.
    public var tasks: TaskSequence { TaskSequence(pages: self) }
}

/// Tasks one by one, by owner, name, ordinal and attempt.
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
