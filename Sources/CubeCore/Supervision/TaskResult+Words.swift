package import CubeTypes

/// How a program ended, in words: the one place for them.
extension TaskResult {
    /// `exit code 1` or `signal 9`; `nil` if nobody saw how the program ended.
    package var ending: String? { signal.map { "signal \($0)" } ?? code.map { "exit code \($0)" } }

    /// The message of a worker about a program that ended. It is the same in every version, because managers compare it with
    /// the messages of workers to find those that say more.
    package var summary: String { signal == nil ? "exit code \(code ?? -1)" : "ended by \(ending ?? "")" }

    /// The ending for a table or an event: `signal 9, out of memory`.
    package var words: String { (ending ?? "exit unknown") + (oom ? ", out of memory" : "") }
}
