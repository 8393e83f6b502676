import CubeErrors

/// When the worker pulls the image of a container, and with which credentials.
///
/// - Since: 0.1
public struct ImagePull: Hashable, Sendable {
    /// When the image is pulled. Default: `missing`.
    public var policy: Policy
    /// The credentials for the registry: `secret:NAME` for a file in the worker's secrets directory. Default: the worker's
    /// configuration file of Docker.
    public var auth: String?

    public init(policy: Policy = .missing, auth: String? = nil) {
        self.policy = policy
        self.auth = auth
    }

    /// When a worker pulls an image; an open set.
    ///
    /// - Since: 0.1
    public struct Policy: OpenSet {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// If the node does not have the image.
        public static let missing: Policy = "missing"
        /// Before the first start of a task on a node, and if the node does not have the image.
        public static let always: Policy = "always"
        /// Never. A task whose image is not on its node fails to start.
        public static let never: Policy = "never"
    }
}

extension ImagePull: Codable {
    enum CodingKeys: String, CodingKey { case policy, auth }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        policy = try container.readIfPresent(Policy.self, forKey: .policy) ?? .missing
        auth = try container.readTextIfPresent(forKey: .auth)
    }
}
