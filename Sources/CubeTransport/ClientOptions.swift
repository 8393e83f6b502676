public import CubeErrors
public import Logging

/// How a client calls: deadlines, retries, limits, and where it tells of them. One value for all clients of the SDK.
///
/// ```swift
/// var options = ClientOptions()
/// options.totalDeadline = .seconds(10)
/// options.retries.attempts = 5
/// ```
///
/// Whatever is set, no call outlasts ``totalDeadline``, but those that say how long the server may wait, and streams, which
/// last as long as they are read.
///
/// A client also tells `swift-metrics` of its calls (`cube_client_request_duration`, by operation and outcome;
/// `cube_client_retries`, by operation and reason), and makes a span of each by `swift-distributed-tracing`, whose context the
/// request carries.
public struct ClientOptions: Sendable {
    /// From the beginning of a connection until it stands. Default 5 s.
    public var connectDeadline: Duration
    /// One attempt: from sending to the last byte of the answer, of a stream to the head of it. Default 20 s. A call that lets
    /// the server wait for a change has that long on top.
    public var requestDeadline: Duration
    /// A call with all its attempts and the pauses between them. Default 60 s.
    public var totalDeadline: Duration
    /// How long a stream that does not follow anything may be silent. Default 20 s.
    public var silenceDeadline: Duration
    /// Connections to one server at a time, of all clients of this process with the same limit. A watch and a stream hold one
    /// each; a call that finds none free waits for one, within its deadlines. Default 128.
    public var connectionLimit: Int
    /// Which calls are made again, and when.
    public var retries: RetryPolicy
    /// The largest answer that is read into memory, in bytes. Default 64 MiB. A stream has no limit, as it is not kept.
    public var answerLimit: Int
    /// The longest line of a stream that is read by lines, in bytes; a longer one comes in pieces. Default 1 MiB.
    public var lineLimit: Int
    /// Told of retries (`debug`), once each of deprecated endpoints (`warning`), and of a server that is away while something waits
    /// for it (`warning`) and then back (`notice`). It never sees a token or a body.
    public var logger: Logger

    public init(
        connectDeadline: Duration = .seconds(5), requestDeadline: Duration = .seconds(20),
        totalDeadline: Duration = .seconds(60), silenceDeadline: Duration = .seconds(20), connectionLimit: Int = 128,
        retries: RetryPolicy = RetryPolicy(), answerLimit: Int = 64 << 20, lineLimit: Int = 1 << 20,
        logger: Logger = Logger(label: "cube.client")
    ) {
        self.connectDeadline = connectDeadline
        self.requestDeadline = requestDeadline
        self.totalDeadline = totalDeadline
        self.silenceDeadline = silenceDeadline
        self.connectionLimit = connectionLimit
        self.retries = retries
        self.answerLimit = answerLimit
        self.lineLimit = lineLimit
        self.logger = logger
    }

    /// Everything that breaks a rule, by the name of its property.
    public var problems: [ValidationError] {
        let deadlines = [
            ("connectDeadline", connectDeadline), ("requestDeadline", requestDeadline),
            ("totalDeadline", totalDeadline), ("silenceDeadline", silenceDeadline),
        ]
        let limits = [
            ("connectionLimit", connectionLimit), ("retries.attempts", retries.attempts), ("answerLimit", answerLimit),
            ("lineLimit", lineLimit),
        ]
        return deadlines.filter { $0.1 <= .zero }.map {
            ValidationError(field: $0.0, value: "\($0.1)", message: "must be above 0")
        }
            + limits.filter { $0.1 < 1 }.map {
                ValidationError(field: $0.0, value: "\($0.1)", message: "must be above 0")
            }
    }
}
