import CubeErrors
import FoundationEssentials
import Glibc

/// The credentials for registries in the configuration file of Docker: `$DOCKER_CONFIG/config.json`, by default
/// `~/.docker/config.json`. Credential helpers are not supported.
struct RegistryCredentials: Sendable {
    private var entries: [String: Entry] = [:]

    private struct Entry: Decodable {
        var auth: String?
        var username: String?
        var password: String?
        var identitytoken: String?
    }

    private struct File: Decodable { var auths: [String: Entry]? }

    /// Reads the file. A missing file means that there are no credentials.
    static func load(_ path: String? = defaultPath) throws -> RegistryCredentials {
        guard let path, let bytes = try LocalFiles.read(path, limit: 1 << 20) else { return RegistryCredentials() }
        do {
            return RegistryCredentials(entries: try JSONDecoder().decode(File.self, from: Data(bytes)).auths ?? [:])
        } catch {
            throw APIError(.unavailable, "\(path) is not a valid configuration file of Docker: \(error)")
        }
    }

    private static var defaultPath: String? {
        if let directory = getenv("DOCKER_CONFIG") { return "\(String(cString: directory))/config.json" }
        return getenv("HOME").map { "\(String(cString: $0))/.docker/config.json" }
    }

    /// Returns the value of `X-Registry-Auth` for a registry; `nil` if there are no credentials for it.
    func authorization(for registry: String) -> String? {
        // Docker Hub has this name for historical reasons.
        let names =
            registry == "docker.io" ? ["https://index.docker.io/v1/", "docker.io", "index.docker.io"] : [registry]
        let keys = names.flatMap { [$0, "https://\($0)", "http://\($0)"] }
        guard let entry = keys.compactMap({ entries[$0] }).first else { return nil }
        var fields: [String: String] = ["serveraddress": names[0]]
        if let token = entry.identitytoken { fields["identitytoken"] = token }
        if let pair = entry.auth.flatMap({ Data(base64Encoded: $0) }) {
            let parts = pair.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 {
                fields["username"] = String(decoding: parts[0], as: UTF8.self)
                fields["password"] = String(decoding: parts[1], as: UTF8.self)
            }
        }
        if let username = entry.username { fields["username"] = username }
        if let password = entry.password { fields["password"] = password }
        guard let json = try? JSONEncoder().encode(fields) else { return nil }  // Strings can always be encoded.
        return json.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
    }
}
