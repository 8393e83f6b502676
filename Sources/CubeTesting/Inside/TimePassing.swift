import Synchronization

/// A section of a test in which time passes automatically. Its id distinguishes the calls and sleeps of one operation from others.
enum TimePassing {
    typealias ID = Int

    /// The section in which the current Swift task runs.
    @TaskLocal static var current: ID?

    private static let last = Atomic<Int>(0)

    static func new() -> ID { last.add(1, ordering: .relaxed).newValue }
}
