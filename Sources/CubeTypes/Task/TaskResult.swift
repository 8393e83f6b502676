import CubeErrors

/// The result of a run.
///
/// - Since: 0.1
public struct TaskResult: Codable, Hashable, Sendable {
    /// The exit code, if the program exited.
    public var code: Int?
    /// The number of the signal that ended the program.
    public var signal: Int?
    /// Whether the kernel killed the program because memory ran out.
    public var oom: Bool
    /// The time at which the run ended.
    public var at: Timestamp

    public init(code: Int?, signal: Int? = nil, oom: Bool = false, at: Timestamp) {
        self.code = code
        self.signal = signal
        self.oom = oom
        self.at = at
    }

    /// Whether the program exited with code 0. After the loss of a supervisor there is neither a code nor a signal: not a success.
    public var isSuccess: Bool { code == 0 }
}

extension TaskResult {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        code = try container.readIfPresent(Int.self, forKey: .code)
        signal = try container.readIfPresent(Int.self, forKey: .signal)
        oom = try container.decode(Bool.self, forKey: .oom)
        at = try container.decode(Timestamp.self, forKey: .at)
    }
}
