/// A port on which a task is served.
///
/// - Since: 0.1
public struct PortSpec: Hashable, Sendable {
    /// Unique within the task; it makes the variable `PORT_<NAME>`.
    public var name: String
    /// The port inside of a container. A process listens on the port of its node itself.
    public var container: Int?
    /// The port of the node; 0 for one of ``allocated``, which is given with the placement.
    public var host: Int
    /// Default `tcp`.
    public var transport: Transport

    /// What is spoken over it.
    ///
    /// - Since: 0.1
    public struct Transport: OpenSet {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// Connections.
        public static let tcp: Transport = "tcp"
        /// Datagrams.
        public static let udp: Transport = "udp"
    }

    public init(name: String, container: Int? = nil, host: Int = 0, transport: Transport = .tcp) {
        self.name = name
        self.container = container
        self.host = host
        self.transport = transport
    }

    /// The ports of a node that are given to tasks which name none.
    public static let allocated = 20_000...31_999

    /// The variable that tells the task its port: `PORT_`, and the name with `-` as `_` in upper case.
    public var variable: String { "PORT_" + name.asVariable }
}

extension String {
    /// A name as it stands in the name of a variable.
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
            container: try container.decodeIfPresent(Int.self, forKey: .container),
            host: try container.decodeIfPresent(Int.self, forKey: .host) ?? 0,
            transport: try container.decodeIfPresent(Transport.self, forKey: .transport) ?? .tcp)
    }
}

/// Where a port of a task is reached.
///
/// - Since: 0.1
public struct TaskEndpoint: Codable, Hashable, Sendable {
    /// The port's name.
    public var name: String
    /// `HOST:PORT`.
    public var address: String
    /// What is spoken over it.
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

    /// The variable that tells the address to tasks which depend on the workload: `<NAME>_<PORT>_ADDRESS`, with `-` as `_`.
    public func variable(of workload: WorkloadName) -> String {
        "\(workload.rawValue.asVariable)_\(name.asVariable)_ADDRESS"
    }
}
