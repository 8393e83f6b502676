import AsyncHTTPClient
package import CubeErrors
import CubeVersion
import FoundationEssentials
import NIOCore
import NIOHTTP1

/// A URL of somebody else that takes JSON. The URL may be a secret: messages name its host alone.
package struct WebhookClient: Sendable {
    private static let deadline: Duration = .seconds(10)

    /// One for the process, never shut down. The one that libraries share tries to connect until the deadline, and never says what
    /// keeps it from it.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration.singletonConfiguration
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(configuration: configuration)
    }()

    private let url: String
    private let host: String

    /// - Throws: `validation_failed` for what is no `http` or `https` URL.
    package init(url: String) throws(APIError) {
        let parts = URLComponents(string: url)
        guard let parts, ["http", "https"].contains(parts.scheme), let host = parts.host, !host.isEmpty else {
            throw APIError(.validationFailed, "a webhook must be an http or https URL")
        }
        self.url = url
        self.host = host
    }

    /// - Throws: an `APIError` for everything but an answer of success.
    package func post(_ body: some Encodable) async throws {
        let label = "POST to \(host)"
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers = ["Content-Type": "application/json", "User-Agent": "cube/\(ProductVersion.current)"]
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        request.body = .bytes(ByteBuffer(bytes: try encoder.encode(body)))
        let prepared = request
        do {
            try await Deadlines.ofProcess.within(Self.deadline) {
                let response = try await Self.client.execute(prepared, deadline: .distantFuture)
                guard response.status.code < 300 else {
                    throw APIError.onTheWay(.unavailable, "\(label): status \(response.status.code)")
                }
            }
        } catch is Overdue {
            throw APIError.noAnswer(label, within: Self.deadline)
        } catch let error as APIError {
            throw error
        } catch {
            let error = wireError(error, label: label)
            throw (error as? WireError)?.error ?? error
        }
    }
}
