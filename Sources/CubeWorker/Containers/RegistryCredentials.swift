import CubeErrors
import FoundationEssentials
import Glibc

/// The credentials for registries in the configuration file of Docker: `$DOCKER_CONFIG/config.json`, by default
/// `~/.docker/config.json`. Credential helpers are not supported.
struct RegistryCredentials: Sendable {
    private var entries: [String: Entry] = [:]
    /// The names of the credential helpers, by registry.
    private var helpers: [String: String] = [:]
    /// The name of the credential helper for all other registries.
    private var store: String?
    private var path = ""

    private struct Entry: Decodable {
        var auth: String?
        var username: String?
        var password: String?
        var identitytoken: String?
    }

    private struct File: Decodable {
        var auths: [String: Entry]?
        var credHelpers: [String: String]?
        var credsStore: String?
    }

    init() {}

    /// Reads the file. A missing file means that there are no credentials.
    static func load(_ path: String? = defaultPath) throws -> RegistryCredentials {
        guard let path, let bytes = try LocalFiles.read(path, limit: 1 << 20) else { return RegistryCredentials() }
        do {
            let file = try JSONDecoder().decode(File.self, from: Data(bytes))
            var credentials = RegistryCredentials()
            credentials.entries = file.auths ?? [:]
            credentials.helpers = file.credHelpers ?? [:]
            credentials.store = file.credsStore
            credentials.path = path
            return credentials
        } catch {
            throw APIError(.unavailable, "\(path) is not a valid configuration file of Docker: \(error)")
        }
    }

    private static var defaultPath: String? {
        if let directory = getenv("DOCKER_CONFIG") { return "\(String(cString: directory))/config.json" }
        return getenv("HOME").map { "\(String(cString: $0))/.docker/config.json" }
    }

    /// Returns the credentials for a registry; `nil` if there are none.
    func login(for registry: String) -> Login? {
        let names = Self.names(of: registry)
        let keys = names.flatMap { [$0, "https://\($0)", "http://\($0)"] }
        guard let entry = keys.compactMap({ entries[$0] }).first else { return nil }
        var login = entry.auth.flatMap { Login(encoded: $0) } ?? Login()
        login.server = names[0]
        login.token = entry.identitytoken
        login.username = entry.username ?? login.username
        login.password = entry.password ?? login.password
        // With a credential helper, Docker leaves empty entries in the file.
        return login.isEmpty ? nil : login
    }

    /// Returns a sentence about the credential helper that the file names for a registry, if it contains no credentials for it.
    func unsupportedHelper(for registry: String) -> String? {
        let names = Self.names(of: registry)
        guard login(for: registry) == nil, let helper = names.compactMap({ helpers[$0] }).first ?? store else {
            return nil
        }
        return
            "\(path) keeps the credentials for \(registry) in the credential helper \"\(helper)\", which Cube does not "
            + "support; set pull.auth in the manifest to a secret that contains them"
    }

    private static func names(of registry: String) -> [String] {
        // Docker Hub has this name for historical reasons.
        registry == "docker.io" ? ["https://index.docker.io/v1/", "docker.io", "index.docker.io"] : [registry]
    }

    /// The credentials for one registry. They are never shown.
    struct Login: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
        var server: String?
        var username: String?
        var password: String?
        var token: String?

        init() {}

        /// Parses `USER:PASSWORD`, or the same in Base64.
        init?(secret: String) {
            let text = secret.trimmed
            // A colon is no character of Base64.
            guard let login = text.contains(":") ? Login(pair: text) : Login(encoded: text) else { return nil }
            self = login
        }

        fileprivate init?(encoded text: String) {
            guard let bytes = Data(base64Encoded: text),
                let login = Login(pair: String(decoding: bytes, as: UTF8.self))
            else { return nil }
            self = login
        }

        private init?(pair: String) {
            let parts = pair.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else { return nil }
            (username, password) = (String(parts[0]), String(parts[1]))
        }

        fileprivate var isEmpty: Bool { username == nil && password == nil && token == nil }

        /// The value of `X-Registry-Auth`.
        var header: String? {
            var fields: [String: String] = [:]
            fields["serveraddress"] = server
            fields["identitytoken"] = token
            fields["username"] = username
            fields["password"] = password
            guard let json = try? JSONEncoder().encode(fields) else { return nil }  // Strings can always be encoded.
            return json.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
        }

        /// The value of `Authorization` for a request to the registry itself; `nil` if there is no password.
        var basic: String? {
            guard let username, let password else { return nil }
            return "Basic " + Data("\(username):\(password)".utf8).base64EncodedString()
        }

        var description: String { "<hidden>" }
        var debugDescription: String { description }
    }
}

extension String {
    fileprivate var trimmed: String {
        var text = self[...]
        while text.last?.isWhitespace == true { text.removeLast() }
        while text.first?.isWhitespace == true { text.removeFirst() }
        return String(text)
    }
}
