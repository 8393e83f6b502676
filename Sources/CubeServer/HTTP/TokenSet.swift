import Crypto
package import CubeErrors
import CubeSystem
package import CubeTypes
import Glibc
import SystemPackage

/// The secrets of a cluster, one for each role.
package struct TokenSet: Sendable {
    /// The permissions of a token.
    package enum Role: String, CaseIterable, Sendable {
        /// Reads everything except the values of `env`.
        case read
        /// Reads everything, and changes what users and reconcilers change.
        case write
        /// Registers a worker, and sends commands to one.
        case worker
    }

    private let tokens: [Role: String]
    private let digests: [Role: SHA256.Digest]

    package init(_ tokens: [Role: String]) {
        self.tokens = tokens
        digests = tokens.mapValues { SHA256.hash(data: Array($0.utf8)) }
    }

    /// Returns a copy with another token for a role.
    package func with(_ token: String?, for role: Role) -> TokenSet {
        var tokens = tokens
        if let token { tokens[role] = token }
        return TokenSet(tokens)
    }

    package subscript(role: Role) -> String? { tokens[role] }

    /// Returns the role of a presented token. The time depends only on the length of the token.
    func role(presenting token: String) -> Role? {
        let presented = SHA256.hash(data: Array(token.utf8))
        var found: Role?
        for role in Role.allCases where digests[role] == presented { found = role }
        return found
    }
}

extension TokenSet: CustomStringConvertible {
    /// Only the roles, so that a secret cannot get into a log by accident.
    package var description: String { "tokens of \(tokens.keys.map(\.rawValue).sorted())" }
}

// MARK: - Files

extension TokenSet {
    /// Reads the tokens in a directory, with one file per role, named after the role. A role without a file has no
    /// token.
    ///
    /// - Throws: `forbidden` if other users can access a file; `validation_failed` if a file contains no valid token.
    package static func load(directory: String) throws(APIError) -> TokenSet {
        var tokens: [Role: String] = [:]
        for role in Role.allCases { tokens[role] = try token(of: role, in: directory) }
        return TokenSet(tokens)
    }

    /// Reads the token of one role; `nil` if it has none.
    package static func token(of role: Role, in directory: String) throws(APIError) -> String? {
        try SecretFile.read("\(directory)/\(role.rawValue)")
    }

    /// Reads the tokens in a directory, and creates the directory and missing tokens.
    package static func loadOrCreate(
        directory: String, random: RandomSource = .system
    ) throws(APIError) -> TokenSet {
        if mkdir(directory, 0o700) != 0, errno != EEXIST {
            throw APIError(.internal, "cannot create \(FileError.last(directory))")
        }
        for role in Role.allCases where try SecretFile.read("\(directory)/\(role.rawValue)") == nil {
            try create("\(directory)/\(role.rawValue)", random)
        }
        return try load(directory: directory)
    }

    /// Writes a new token to a temporary file and links it to `path`. No reader sees a partial token, and if two
    /// processes create it at the same time, the first one wins.
    private static func create(_ path: String, _ random: RandomSource) throws(APIError) {
        let token = (0..<4).map { _ in Self.hexadecimal(random.next()) }.joined()
        do throws(FileError) { try AtomicFile.create(FilePath(path), with: Array("\(token)\n".utf8)) } catch {
            guard error.errno == .fileExists else { throw APIError(.internal, "cannot create \(error)") }
        }
    }

    private static func hexadecimal(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
