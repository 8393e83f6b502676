import CubeErrors

/// The policy by which a worker stops a task.
///
/// - Since: 0.1
public struct StopPolicy: Hashable, Sendable {
    /// The name of the first signal, one of ``signals``. Default: `SIGTERM`.
    public var signal: String
    /// The time after which the remaining processes receive SIGKILL. Default: 10 s.
    public var grace: Duration

    public init(signal: String = "SIGTERM", grace: Duration = .seconds(10)) {
        self.signal = signal
        self.grace = grace
    }

    /// The signals that can be used to stop a task, with their numbers on Linux.
    public static let signals: [String: Int32] = [
        "SIGHUP": 1, "SIGINT": 2, "SIGQUIT": 3, "SIGKILL": 9, "SIGUSR1": 10, "SIGUSR2": 12, "SIGTERM": 15,
        "SIGWINCH": 28,
    ]
}

extension StopPolicy: Codable {
    enum CodingKeys: String, CodingKey { case signal, grace }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init()
        signal = try container.readTextIfPresent(forKey: .signal) ?? signal
        grace = try container.readIfPresent(DurationText.self, forKey: .grace)?.duration ?? grace
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(signal, forKey: .signal)
        try container.encode(DurationText(grace), forKey: .grace)
    }
}
