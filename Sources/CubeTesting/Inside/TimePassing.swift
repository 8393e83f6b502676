import Synchronization

/// A stretch of a test in which time passes by itself. It tells the calls and sleeps of one operation from those of another.
enum TimePassing {
    typealias ID = Int

    /// That in which the present task runs.
    @TaskLocal static var current: ID?

    private static let last = Atomic<Int>(0)

    static func new() -> ID { last.add(1, ordering: .relaxed).newValue }
}
