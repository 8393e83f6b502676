import CubeErrors

/// The response to `GET /tokens`: the tokens that the manager issued.
///
/// - Since: 0.1
public struct TokenList: Codable, Hashable, Sendable {
    /// The revision that the list describes.
    public var revision: Int
    /// The tokens, sorted by name.
    public var tokens: [TokenInfo]

    public init(revision: Int, tokens: [TokenInfo]) {
        self.revision = revision
        self.tokens = tokens
    }
}

/// A token that a manager issued, without its secret.
///
/// - Since: 0.1
public struct TokenInfo: Codable, Hashable, Sendable {
    /// The name of the token.
    public var name: TokenName
    /// The permissions of the token.
    public var role: TokenRole
    /// Whether the token can be used.
    public var state: TokenState
    /// The time at which the token was issued.
    public var createdAt: Timestamp
    /// Who issued the token, as in ``TaskEvent/actor``.
    public var createdBy: String
    /// The address from which the token was issued, as in ``TaskEvent/origin``; `nil` if there is none.
    public var createdFrom: String?
    /// The time at which the token expires.
    public var expiresAt: Timestamp
    /// The time at which the token was last presented; `nil` if it never was. After a restart of the manager, it may be up to an hour
    /// too early.
    public var lastUsedAt: Timestamp?

    enum CodingKeys: String, CodingKey {
        case name, role, state
        case createdAt = "created_at"
        case createdBy = "created_by"
        case createdFrom = "created_from"
        case expiresAt = "expires_at"
        case lastUsedAt = "last_used_at"
    }

    public init(
        name: TokenName, role: TokenRole, state: TokenState = .active, createdAt: Timestamp, createdBy: String,
        createdFrom: String? = nil, expiresAt: Timestamp, lastUsedAt: Timestamp? = nil
    ) {
        self.name = name
        self.role = role
        self.state = state
        self.createdAt = createdAt
        self.createdBy = createdBy
        self.createdFrom = createdFrom
        self.expiresAt = expiresAt
        self.lastUsedAt = lastUsedAt
    }
}

extension TokenInfo {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            name: try container.decode(TokenName.self, forKey: .name),
            role: try container.decode(TokenRole.self, forKey: .role),
            state: try container.decode(TokenState.self, forKey: .state),
            createdAt: try container.decode(Timestamp.self, forKey: .createdAt),
            createdBy: try container.decode(String.self, forKey: .createdBy),
            createdFrom: try container.readTextIfPresent(forKey: .createdFrom),
            expiresAt: try container.decode(Timestamp.self, forKey: .expiresAt),
            lastUsedAt: try container.readIfPresent(Timestamp.self, forKey: .lastUsedAt))
    }
}

/// The permissions of a token; an open set. A manager grants nothing to a role that it does not know.
///
/// - Since: 0.1
public struct TokenRole: OpenSet {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Reads everything except the values of `env`.
    public static let read: TokenRole = "read"
    /// Reads everything, changes what users and reconcilers change, and issues tokens.
    public static let write: TokenRole = "write"
    /// Registers workers.
    public static let worker: TokenRole = "worker"

    /// All roles that this version knows.
    public static let all: [TokenRole] = [.read, .write, .worker]
}

/// Whether a token can be used; an open set.
///
/// - Since: 0.1
public struct TokenState: OpenSet {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The token can be used.
    public static let active: TokenState = "active"
    /// The lifetime of the token has ended.
    public static let expired: TokenState = "expired"
}
