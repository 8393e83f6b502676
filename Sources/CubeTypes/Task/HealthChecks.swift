import CubeErrors

/// How the worker finds out whether a task is ready for work, and whether it is alive.
///
/// - Since: 0.1
public struct HealthChecks: Hashable, Sendable {
    /// Without one a task is ready when it runs.
    public var ready: HealthCheck?
    /// Without one a task is alive as long as its program runs. Where it fails, the run is ended as `unhealthy`.
    public var live: HealthCheck?

    public init(ready: HealthCheck? = nil, live: HealthCheck? = nil) {
        self.ready = ready
        self.live = live
    }

    /// No check.
    public static let none = HealthChecks()
}

/// One check: what is looked at, and how often.
///
/// - Since: 0.1
public struct HealthCheck: Hashable, Sendable {
    /// Exactly one of these three is there.
    public var http: HTTPProbe?
    /// A connection that must be accepted.
    public var tcp: TCPProbe?
    /// A program and its arguments, run in the task's environment and directory; exit code 0 passes.
    public var command: [String]
    /// From the beginning of one to the beginning of the next. Default 2 s; for the `live` check of a manifest 10 s.
    public var interval: Duration
    /// Without an answer within it, a check has failed. Default 1 s; for the `live` check of a manifest 2 s.
    public var timeout: Duration
    /// How many failures in a row count as one. Default 3.
    public var retries: Int
    /// For so long after a start failures do not count, until the first success. Default 10 s.
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

    /// The times of a `ready` check where nothing is said of them.
    public static let ready = HealthCheck(interval: .seconds(2), timeout: .seconds(1))
    /// The times of a `live` check where nothing is said of them.
    public static let live = HealthCheck(interval: .seconds(10), timeout: .seconds(2))
}

/// A connection to a port of the task; one that is accepted passes.
///
/// - Since: 0.1
public struct TCPProbe: Codable, Hashable, Sendable {
    /// The port that is connected to.
    public var port: PortReference
    /// The name or address that is connected to. Default: the loopback address.
    public var host: String?

    public init(port: PortReference, host: String? = nil) {
        self.port = port
        self.host = host
    }
}

/// A port of a task: one of its `ports` by name, or a number as it is.
///
/// - Since: 0.1
public enum PortReference: Hashable, Sendable {
    /// One of the task's `ports`, by its name.
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
}

extension HealthCheck: Encodable {
    enum CodingKeys: String, CodingKey {
        case http, tcp, command, interval, timeout, retries
        case startPeriod = "start_period"
    }

    /// - Parameter standard: what holds where nothing is said.
    init(from decoder: any Decoder, standard: HealthCheck) throws {
        self = standard
        let container = try decoder.container(keyedBy: CodingKeys.self)
        http = try container.decodeIfPresent(HTTPProbe.self, forKey: .http)
        tcp = try container.decodeIfPresent(TCPProbe.self, forKey: .tcp)
        command = try container.decodeIfPresent([String].self, forKey: .command) ?? []
        interval = try container.decodeIfPresent(DurationText.self, forKey: .interval)?.duration ?? interval
        timeout = try container.decodeIfPresent(DurationText.self, forKey: .timeout)?.duration ?? timeout
        retries = try container.decodeIfPresent(Int.self, forKey: .retries) ?? retries
        startPeriod = try container.decodeIfPresent(DurationText.self, forKey: .startPeriod)?.duration ?? startPeriod
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
