import AsyncHTTPClient
package import CubeErrors
import CubeJSON
import CubeVersion
import FoundationEssentials
import NIOCore
import NIOHTTP1

/// A client for a webhook of another program that accepts JSON. The URL may be a secret, so messages contain only its host.
package struct WebhookClient: Sendable {
    private static let deadline: Duration = .seconds(10)

    /// The HTTP client of the process, which is never shut down. AsyncHTTPClient's shared client would retry failed connections until
    /// the deadline and would never report why they failed.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration.singletonConfiguration
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(configuration: configuration)
    }()

    private let url: String
    private let host: String

    /// - Throws: `validation_failed` if the text is not an `http` or `https` URL.
    package init(url: String) throws(APIError) {
        let parts = URLComponents(string: url)
        guard let parts, ["http", "https"].contains(parts.scheme), let host = parts.host, !host.isEmpty else {
            throw APIError(.validationFailed, "a webhook must be an http or https URL")
        }
        self.url = url
        self.host = host
    }

    /// Sends a JSON body.
    ///
    /// - Throws: an `APIError` for anything other than a successful response.
    package func post(_ body: some Encodable) async throws {
        let label = "POST to \(host)"
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers = ["Content-Type": "application/json", "User-Agent": "cube/\(ProductVersion.current)"]
        request.body = .bytes(ByteBuffer(bytes: try JSONBytesEncoder.bytes(of: body)))
        let prepared = request
        do {
            try await Deadlines.ofProcess.within(Self.deadline) {
                let response = try await Self.client.execute(prepared, deadline: .distantFuture)
                guard response.status.code < 300 else {
                    throw APIError(.unavailable, "\(label): status \(response.status.code)")
                }
            }
        } catch is DeadlineExceeded {
            throw APIError.noAnswer(label, within: Self.deadline)
        } catch let error as APIError {
            throw error
        } catch {
            let error = wireError(error, label: label)
            throw (error as? WireError)?.error ?? error
        }
    }
}
