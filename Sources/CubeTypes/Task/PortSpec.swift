import CubeErrors

/// A port that a task serves.
///
/// - Since: 0.1
public struct PortSpec: Hashable, Sendable {
    /// The name of the port, unique within the task. The environment variable `PORT_<NAME>` is named after it.
    public var name: String
    /// The port inside a container. A process listens on the port of the node directly.
    public var container: Int?
    /// The port of the node. 0 selects a port of ``allocated`` at each placement.
    public var host: Int
    /// The protocol of the port. Default: `tcp`.
    public var transport: Transport

    /// The protocol of a port.
    ///
    /// - Since: 0.1
    public struct Transport: OpenSet {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// TCP connections.
        public static let tcp: Transport = "tcp"
        /// UDP datagrams.
        public static let udp: Transport = "udp"
    }

    public init(name: String, container: Int? = nil, host: Int = 0, transport: Transport = .tcp) {
        self.name = name
        self.container = container
        self.host = host
        self.transport = transport
    }

    /// The range from which a node allocates ports for tasks that request no fixed port.
    public static let allocated = 20_000...31_999

    /// The environment variable that contains the port number: `PORT_`, then the name in upper case with `-` replaced by `_`.
    public var variable: String { "PORT_" + name.asVariable }
}

extension String {
    /// The name in the form of an environment variable.
    fileprivate var asVariable: String { uppercased().map { $0 == "-" ? "_" : String($0) }.joined() }
}

extension PortSpec: Codable {
    enum CodingKeys: String, CodingKey {
        case name, container, host
        case transport = "protocol"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            name: try container.decode(String.self, forKey: .name),
            container: try container.readIfPresent(Int.self, forKey: .container),
            host: try container.readIfPresent(Int.self, forKey: .host) ?? 0,
            transport: try container.readIfPresent(Transport.self, forKey: .transport) ?? .tcp)
    }
}

/// The address of a port of a task.
///
/// - Since: 0.1
public struct TaskEndpoint: Codable, Hashable, Sendable {
    /// The name of the port.
    public var name: String
    /// `HOST:PORT`.
    public var address: String
    /// The protocol of the port.
    public var transport: PortSpec.Transport

    enum CodingKeys: String, CodingKey {
        case name, address
        case transport = "protocol"
    }

    public init(name: String, address: String, transport: PortSpec.Transport = .tcp) {
        self.name = name
        self.address = address
        self.transport = transport
    }

    /// Returns the environment variable that contains this address in tasks that depend on the workload:
    /// `<NAME>_<PORT>_ADDRESS`, with `-` replaced by `_`.
    public func variable(of workload: WorkloadName) -> String {
        "\(workload.rawValue.asVariable)_\(name.asVariable)_ADDRESS"
    }
}
