/// How a run ended.
///
/// - Since: 0.1
public struct TaskResult: Codable, Hashable, Sendable {
    /// The exit code, where the program ended by itself.
    public var code: Int?
    /// The number of the signal that ended it.
    public var signal: Int?
    /// Whether the kernel ended it for want of memory.
    public var oom: Bool
    /// When it ended.
    public var at: Timestamp

    public init(code: Int?, signal: Int? = nil, oom: Bool = false, at: Timestamp) {
        self.code = code
        self.signal = signal
        self.oom = oom
        self.at = at
    }

    /// Whether the program ended by itself with exit code 0. A lost supervisor leaves neither code nor signal: no success.
    public var isSuccess: Bool { code == 0 }
}
