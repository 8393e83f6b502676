/// The preferred executor of the current task, or `nil` for the global pool.
///
/// Unstructured tasks do not inherit this preference. Pass it to each of them, so that a whole call runs on its caller's executor.
var preferredExecutor: (any TaskExecutor)? {
    withUnsafeCurrentTask { $0?.unownedTaskExecutor?.asTaskExecutor() }
}
