public import CubeErrors
public import Logging

/// The options of a client: deadlines, retries, limits and the logger. All clients of the SDK use this type.
///
/// ```swift
/// var options = ClientOptions()
/// options.totalDeadline = .seconds(10)
/// options.retries.attempts = 5
/// ```
///
/// No call outlasts ``totalDeadline``, with two exceptions: calls that tell the server how long to wait for a change, and streams,
/// which last as long as they are read.
///
/// A client also reports metrics to `swift-metrics` (`cube_client_request_duration`, by operation and outcome;
/// `cube_client_retries`, by operation and reason). It creates a `swift-distributed-tracing` span for each call and sends the span's
/// context with the request.
public struct ClientOptions: Sendable {
    /// The deadline for establishing a connection. Default: 5 s.
    public var connectDeadline: Duration
    /// The deadline for one attempt, from sending the request to the last byte of the response; for a stream, to the head of the
    /// response. Default: 20 s. If a call lets the server wait for a change, that time is added.
    public var requestDeadline: Duration
    /// The deadline for a call, including all attempts and the pauses between them. Default: 60 s.
    public var totalDeadline: Duration
    /// How long a stream that does not follow new output may stall. Default: 20 s.
    public var silenceDeadline: Duration
    /// The maximum number of concurrent connections to one server, over all clients of this process with the same limit. A watch and
    /// a stream occupy one connection each. A call without a free connection waits for one within its deadlines. Default: 128.
    public var connectionLimit: Int
    /// Which calls are retried, and when.
    public var retries: RetryPolicy
    /// The maximum size of a response that is read into memory, in bytes. Default: 64 MiB. Streams are not limited, because they are
    /// not kept in memory.
    public var answerLimit: Int
    /// The maximum length of a line when a stream is read by lines, in bytes; longer lines are split. Default: 1 MiB.
    public var lineLimit: Int
    /// The logger. It records retries (`debug`), deprecated endpoints (`warning`, once for each endpoint), and outages of a server for
    /// which a call waits: their start (`warning`) and their end (`notice`). It never receives a token or a body.
    public var logger: Logger
    /// How a server at an `https` address is verified.
    public var tls: TLSOptions

    public init(
        connectDeadline: Duration = .seconds(5), requestDeadline: Duration = .seconds(20),
        totalDeadline: Duration = .seconds(60), silenceDeadline: Duration = .seconds(20), connectionLimit: Int = 128,
        retries: RetryPolicy = RetryPolicy(), answerLimit: Int = 64 << 20, lineLimit: Int = 1 << 20,
        logger: Logger = Logger(label: "cube.client"), tls: TLSOptions = TLSOptions()
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
        self.tls = tls
    }

    /// All options that break a rule, with the names of their properties.
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
