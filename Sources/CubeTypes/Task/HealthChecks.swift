import CubeErrors

/// The checks by which the worker determines whether a task is ready and whether it is alive.
///
/// - Since: 0.1
public struct HealthChecks: Hashable, Sendable {
    /// The readiness check. Without one, a task is ready as soon as it runs.
    public var ready: HealthCheck? {
        get { readyCheck?.wrappedValue }
        set { readyCheck = newValue.map(Shared.init) }
    }
    /// The liveness check. Without one, a task is alive while its program runs. If the check fails, the worker ends the run with the
    /// reason `unhealthy`.
    public var live: HealthCheck? {
        get { liveCheck?.wrappedValue }
        set { liveCheck = newValue.map(Shared.init) }
    }

    // Most tasks have no checks, which then take no space.
    private var readyCheck: Shared<HealthCheck>?
    private var liveCheck: Shared<HealthCheck>?

    public init(ready: HealthCheck? = nil, live: HealthCheck? = nil) {
        self.ready = ready
        self.live = live
    }

    /// No checks.
    public static let none = HealthChecks()
}

/// A health check: the probe, and its timing. Exactly one of ``http``, ``tcp`` and ``command`` is set.
///
/// - Since: 0.1
public struct HealthCheck: Hashable, Sendable {
    /// An HTTP request that must return a passing status.
    public var http: HTTPProbe?
    /// A TCP connection that must be accepted.
    public var tcp: TCPProbe?
    /// A program and its arguments, run in the environment and directory of the task. Exit code 0 passes.
    public var command: [String]
    /// The time from the start of one check to the start of the next. Default: 2 s; for the `live` check of a manifest, 10 s.
    public var interval: Duration
    /// The time after which a check without a result fails. Default: 1 s; for the `live` check of a manifest, 2 s.
    public var timeout: Duration
    /// The number of consecutive failures after which the check counts as failed. Default: 3.
    public var retries: Int
    /// The time after a start in which failures do not count, until the first success. Default: 10 s.
    public var startPeriod: Duration

    public init(
        http: HTTPProbe? = nil, tcp: TCPProbe? = nil, command: [String] = [],
        interval: Duration = .seconds(2), timeout: Duration = .seconds(1), retries: Int = 3,
        startPeriod: Duration = .seconds(10)
    ) {
        self.http = http
        self.tcp = tcp
        self.command = command
        self.interval = interval
        self.timeout = timeout
        self.retries = retries
        self.startPeriod = startPeriod
    }

    /// The default timing of a `ready` check.
    public static let ready = HealthCheck(interval: .seconds(2), timeout: .seconds(1))
    /// The default timing of a `live` check.
    public static let live = HealthCheck(interval: .seconds(10), timeout: .seconds(2))
}

/// A TCP connection to a port of the task; the check passes if the connection is accepted.
///
/// - Since: 0.1
public struct TCPProbe: Codable, Hashable, Sendable {
    /// The port to connect to.
    public var port: PortReference
    /// The host name or address to connect to. Default: the loopback address.
    public var host: String?

    public init(port: PortReference, host: String? = nil) {
        self.port = port
        self.host = host
    }
}

extension TCPProbe {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        port = try container.decode(PortReference.self, forKey: .port)
        host = try container.readTextIfPresent(forKey: .host)
    }
}

/// A reference to a port of a task: the name of one of its `ports`, or a port number.
///
/// - Since: 0.1
public enum PortReference: Hashable, Sendable {
    /// The name of one of the task's `ports`.
    case name(String)
    /// A port of the node, from 1 to 65535.
    case number(Int)
}

extension PortReference: Codable, CustomStringConvertible {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do {
            self = .number(try container.decode(Int.self))
        } catch DecodingError.typeMismatch {
            self = .name(try container.decode(String.self))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .name(let name): try container.encode(name)
        case .number(let number): try container.encode(number)
        }
    }

    public var description: String {
        switch self {
        case .name(let name): name
        case .number(let number): "\(number)"
        }
    }
}

extension HealthChecks: Codable {
    enum CodingKeys: String, CodingKey { case ready, live }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func check(_ key: CodingKeys, _ standard: HealthCheck) throws -> HealthCheck? {
            try container.passingOver(key) {
                guard container.contains(key), try !container.decodeNil(forKey: key) else { return nil }
                return try HealthCheck(from: container.superDecoder(forKey: key), standard: standard)
            }
        }
        self.init(ready: try check(.ready, .ready), live: try check(.live, .live))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(ready, forKey: .ready)
        try container.encodeIfPresent(live, forKey: .live)
    }
}

extension HealthCheck: Encodable {
    enum CodingKeys: String, CodingKey {
        case http, tcp, command, interval, timeout, retries
        case startPeriod = "start_period"
    }

    /// - Parameter standard: the values for omitted fields.
    init(from decoder: any Decoder, standard: HealthCheck) throws {
        self = standard
        let container = try decoder.container(keyedBy: CodingKeys.self)
        http = try container.readIfPresent(HTTPProbe.self, forKey: .http)
        tcp = try container.readIfPresent(TCPProbe.self, forKey: .tcp)
        command = try container.readElementsIfPresent([String].self, forKey: .command) ?? []
        interval = try container.readIfPresent(DurationText.self, forKey: .interval)?.duration ?? interval
        timeout = try container.readIfPresent(DurationText.self, forKey: .timeout)?.duration ?? timeout
        retries = try container.readIfPresent(Int.self, forKey: .retries) ?? retries
        startPeriod = try container.readIfPresent(DurationText.self, forKey: .startPeriod)?.duration ?? startPeriod
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(http, forKey: .http)
        try container.encodeIfPresent(tcp, forKey: .tcp)
        if !command.isEmpty { try container.encode(command, forKey: .command) }
        try container.encode(DurationText(interval), forKey: .interval)
        try container.encode(DurationText(timeout), forKey: .timeout)
        try container.encode(retries, forKey: .retries)
        try container.encode(DurationText(startPeriod), forKey: .startPeriod)
    }
}
