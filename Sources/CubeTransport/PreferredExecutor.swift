/// The executor that the present task prefers, or `nil` for the shared pool.
///
/// Tasks that a call starts on its own do not inherit it; they are given it, so that all of a call runs where its caller does.
var preferredExecutor: (any TaskExecutor)? {
    withUnsafeCurrentTask { $0?.unownedTaskExecutor?.asTaskExecutor() }
}
