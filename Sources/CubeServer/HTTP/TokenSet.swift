package import CubeErrors
import Crypto
import Glibc
import SystemPackage

/// The secrets of a cluster, one for each role.
package struct TokenSet: Sendable {
    /// What the bearer of a token may do.
    package enum Role: String, CaseIterable, Sendable {
        /// Reads all but the values of `env`.
        case read
        /// Reads all, and changes what people and reconcilers change.
        case write
        /// Registers a worker; commands one.
        case worker
    }

    private let tokens: [Role: String]

    package init(_ tokens: [Role: String]) { self.tokens = tokens }

    /// The same tokens with another one for a role.
    package func with(_ token: String?, for role: Role) -> TokenSet {
        var tokens = tokens
        if let token { tokens[role] = token }
        return TokenSet(tokens)
    }

    package subscript(role: Role) -> String? { tokens[role] }

    /// The role of whoever presents this token. Takes the same time for every token of a length.
    func role(presenting token: String) -> Role? {
        let presented = SHA256.hash(data: Array(token.utf8))
        var found: Role?
        for role in Role.allCases {
            guard let expected = tokens[role] else { continue }
            if SHA256.hash(data: Array(expected.utf8)) == presented { found = role }
        }
        return found
    }
}

extension TokenSet: CustomStringConvertible {
    /// The roles alone: a secret must not get into a log by accident.
    package var description: String { "tokens of \(tokens.keys.map(\.rawValue).sorted())" }
}

// MARK: - Files

extension TokenSet {
    /// Reads the tokens of a directory, one file for each role, named like it; a missing one is missing here.
    ///
    /// - Throws: `forbidden` where others may read a file; `validation_failed` where it holds no token.
    package static func load(directory: String) throws(APIError) -> TokenSet {
        var tokens: [Role: String] = [:]
        for role in Role.allCases { tokens[role] = try SecretFile.read("\(directory)/\(role.rawValue)") }
        return TokenSet(tokens)
    }

    /// Reads the tokens of a directory, and makes those that are missing, and the directory.
    package static func loadOrCreate(directory: String) throws(APIError) -> TokenSet {
        if mkdir(directory, 0o700) != 0, errno != EEXIST { throw failure("create", directory) }
        for role in Role.allCases where try SecretFile.read("\(directory)/\(role.rawValue)") == nil {
            try create("\(directory)/\(role.rawValue)")
        }
        return try load(directory: directory)
    }

    /// Writes a new token beside `path` and links it there, so that nobody reads half a token, and of two that create it at
    /// the same time the first one counts.
    private static func create(_ path: String) throws(APIError) {
        var random = SystemRandomNumberGenerator()
        let token = (0..<4).map { _ in Self.hexadecimal(random.next()) }.joined()
        let temporary = "\(path).\(Self.hexadecimal(random.next()))"
        do {
            let file = try FileDescriptor.open(
                FilePath(temporary), .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec],
                permissions: .ownerReadWrite)
            try file.closeAfter { _ = try file.writeAll(Array("\(token)\n".utf8)) }
        } catch {
            throw APIError(.internal, "cannot create \(path): \(error)")
        }
        defer { unlink(temporary) }
        if link(temporary, path) != 0, errno != EEXIST { throw failure("create", path) }
    }

    private static func hexadecimal(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    private static func failure(_ verb: String, _ path: String) -> APIError {
        APIError(.internal, "cannot \(verb) \(path): \(String(cString: strerror(errno)))")
    }
}
