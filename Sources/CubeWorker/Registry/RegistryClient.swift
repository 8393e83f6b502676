import AsyncHTTPClient
package import CubeCore
import CubeErrors
import CubeSystem
import CubeTypes
import FoundationEssentials
import NIOCore
import NIOHTTP1
import NIOPosix

/// Asks registries for tags and digests, by the HTTP API V2 of Docker, which the OCI Distribution Specification describes.
///
/// The credentials are those of the configuration file of Docker. As in Docker, a registry on this machine is asked without TLS.
package struct RegistryClient: Sendable {
    let credentials: RegistryCredentials
    let clock: any Clock<Duration>

    /// The time for one response.
    private static let limit = Duration.seconds(30)
    /// A registry that refuses connections is reported at once, instead of being tried until the limit.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration.singletonConfiguration
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(configuration: configuration)
    }()
    /// The maximum size of a response in bytes.
    private static let responseBytes = 8 << 20
    /// The maximum number of pages of tags.
    private static let pages = 200

    /// Reads the credentials.
    package static func open(clock: any Clock<Duration>) throws -> RegistryClient {
        RegistryClient(credentials: try .load(), clock: clock)
    }

    // MARK: Questions

    /// Returns the tags of a repository, in the order of the registry.
    package func tags(of image: ImageReference) async throws -> [String] {
        struct Page: Decodable { var tags: [String]? }
        var session = Session(image)
        var tags: [String] = []
        var path: String? = "/v2/\(image.repository)/tags/list?n=1000"
        for _ in 0..<Self.pages {
            guard let page = path else { return tags }
            let response = try await send(.GET, page, &session)
            // The error of the decoder says nothing to people.
            guard let list = try? JSONDecoder().decode(Page.self, from: Data(response.body)) else {
                throw session.failure("its list of tags cannot be read")
            }
            tags += list.tags ?? []
            path = response.headers.first(name: "Link").flatMap(RegistryLink.next).map { link in
                // The link may be relative to the registry, or name it.
                link.hasPrefix(session.base) ? String(link.dropFirst(session.base.count)) : link
            }
            if let path, !path.hasPrefix("/") { throw session.failure("its list of tags continues elsewhere") }
        }
        throw session.failure("it has more than \(Self.pages) pages of tags")
    }

    /// Returns the digest of the image that a tag means.
    package func digest(of image: ImageReference) async throws -> String {
        var session = Session(image)
        let response = try await send(.HEAD, "/v2/\(image.repository)/manifests/\(image.version)", &session)
        guard let digest = response.headers.first(name: "Docker-Content-Digest"), digest.contains(":") else {
            throw session.failure("it does not tell the digest of \(image.repository):\(image.version)")
        }
        return digest
    }

    private static let manifestTypes = [
        "application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json",
    ]

    // MARK: Requests

    /// The requests about one repository.
    private struct Session {
        let registry: String
        let repository: String
        let base: String
        let isLocal: Bool
        /// The value of `Authorization`; `nil` until the registry demands it.
        var authorization: String?

        init(_ image: ImageReference) {
            registry = image.registry
            repository = image.repository
            let host = registry == "docker.io" || registry == "index.docker.io" ? "registry-1.docker.io" : registry
            let name = host.split(separator: ":").first ?? ""
            isLocal = name == "localhost" || name.hasPrefix("127.")
            base = "\(isLocal ? "http" : "https")://\(host)"
        }

        func failure(_ reason: String) -> APIError { APIError(.unavailable, "registry \(registry): \(reason)") }
    }

    private struct Response {
        var status: HTTPResponseStatus
        var headers: HTTPHeaders
        var body: [UInt8]
    }

    /// Sends a request, and authenticates if the registry demands it.
    private func send(_ method: HTTPMethod, _ path: String, _ session: inout Session) async throws -> Response {
        var response = try await execute(method, session.base + path, session.authorization, session)
        if response.status == .unauthorized, session.authorization == nil,
            let challenge = response.headers.first(name: "WWW-Authenticate").flatMap(RegistryChallenge.init)
        {
            session.authorization = try await authorization(for: challenge, session)
            if session.authorization != nil {
                response = try await execute(method, session.base + path, session.authorization, session)
            }
        }
        switch response.status.code {
        case 200..<300: return response
        case 401, 403:
            let hint = credentials.unsupportedHelper(for: session.registry).map { "; \($0)" } ?? ""
            throw session.failure("access to \(session.repository) is denied\(hint)")
        case 404: throw session.failure("it has no such image (\(session.repository))")
        case 429: throw session.failure("too many requests; try again later")
        default: throw session.failure("it responded with status \(response.status.code)")
        }
    }

    /// Returns the value of `Authorization` that a challenge asks for; `nil` if there are no credentials for it.
    private func authorization(for challenge: RegistryChallenge, _ session: Session) async throws -> String? {
        struct Answer: Decodable {
            var token: String?
            var accessToken: String?

            enum CodingKeys: String, CodingKey {
                case token
                case accessToken = "access_token"
            }
        }
        let login = credentials.login(for: session.registry)?.basic
        switch challenge {
        case .basic: return login
        case .bearer(let realm, let service, let scope):
            guard realm.hasPrefix("https://") || session.isLocal && realm.hasPrefix("http://") else {
                throw session.failure("it demands a token from \(realm), which does not use TLS")
            }
            let scope = scope ?? "repository:\(session.repository):pull"
            let query = [("service", service), ("scope", scope)].compactMap { name, value in
                value.map { "\(name)=\($0.percentEncoded)" }
            }
            let url = realm + (realm.contains("?") ? "&" : "?") + query.joined(separator: "&")
            let response = try await execute(.GET, url, login, session)
            guard (200..<300).contains(response.status.code) else {
                throw session.failure("its token server responded with status \(response.status.code)")
            }
            // A response without a readable token is an error below.
            let answer = try? JSONDecoder().decode(Answer.self, from: Data(response.body))
            guard let token = answer?.token ?? answer?.accessToken else {
                throw session.failure("its token server sent no token")
            }
            return "Bearer \(token)"
        }
    }

    private func execute(
        _ method: HTTPMethod, _ url: String, _ authorization: String?, _ session: Session
    ) async throws -> Response {
        var request = HTTPClientRequest(url: url)
        request.method = method
        request.headers = ["User-Agent": "cube"]
        for type in Self.manifestTypes { request.headers.add(name: "Accept", value: type) }
        request.headers.add(name: "Accept", value: "application/json")
        if let authorization { request.headers.add(name: "Authorization", value: authorization) }
        do {
            let response = try await clock.within(Self.limit) { [request] in
                // The limit ends the request earlier, with a message of its own.
                let response = try await Self.client.execute(request, timeout: .seconds(60))
                let body =
                    method == .HEAD
                    ? [] : Array(try await response.body.collect(upTo: Self.responseBytes).readableBytesView)
                return Response(status: response.status, headers: response.headers, body: body)
            }
            guard let response else { throw session.failure("no response within \(Self.limit.text)") }
            return response
        } catch let error as APIError {
            throw error
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            let isConnection = error is NIOConnectionError || error is IOError
            throw session.failure("it cannot be reached: \(isConnection ? ProbeFailure.words(for: error) : "\(error)")")
        }
    }
}
