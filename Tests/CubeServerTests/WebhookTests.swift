import CubeTypes
import NIOHTTP1
import Synchronization
import Testing

@testable import CubeServer

/// Tests `POST /webhook`. Only callers with the secret wake the program.
@Suite struct WebhookTests {
    private static let secret = "an open secret, for tests"
    private static let body = #"{"ref": "refs/heads/main"}"#
    /// Generated with `printf '%s' "$body" | openssl dgst -sha256 -hmac "$secret"`.
    private static let signature = "52345913a3613bc7a675a7c48b0401eaf9b4a6565514e976a70c69d19041bbf8"

    /// Makes a call, and returns the status and how often the program was woken.
    private func post(_ headers: HTTPHeaders, body: String = Self.body) async throws -> (status: Int, wakes: Int) {
        let wakes = Counter()
        var answer: Answer?
        try await withServer {
            [
                ReadinessServer(
                    obstacle: { nil }, metrics: { [] }, webhook: Webhook(secret: Self.secret) { wakes.add() },
                    options: $0,
                    logger: silent)
            ]
        } _: { endpoint, _ in
            answer = try await ask(.POST, endpoint, "/webhook", token: nil, headers: headers, body: body)
        }
        return (try #require(answer).status, wakes.value)
    }

    @Test func `a signature of the body, or the token, wakes the program`() async throws {
        #expect(try await post(["X-Hub-Signature-256": "sha256=\(Self.signature)"]) == (202, 1))
        #expect(try await post(["X-Hub-Signature-256": "sha256=\(Self.signature.uppercased())"]) == (202, 1))
        #expect(try await post(["X-Gitlab-Token": Self.secret]) == (202, 1))
        #expect(try await post(["X-Gitlab-Token": Self.secret], body: "no JSON at all") == (202, 1))
    }

    @Test(arguments: [
        [:], ["X-Hub-Signature-256": "sha256="], ["X-Hub-Signature-256": Self.signature],
        ["X-Hub-Signature-256": "sha256=\(Self.signature.dropLast(2))"],
        ["X-Hub-Signature-256": "sha256=\(Self.signature.dropLast())g"],
        ["X-Hub-Signature": "sha1=\(Self.signature)"], ["X-Gitlab-Token": ""], ["X-Gitlab-Token": "another"],
        // A correct token does not compensate for a wrong signature.
        ["X-Hub-Signature-256": "sha256=00", "X-Gitlab-Token": Self.secret],
    ]) func `other credentials are refused`(headers: [String: String]) async throws {
        #expect(try await post(HTTPHeaders(headers.sorted { $0.key < $1.key })) == (403, 0))
    }

    @Test func `a changed body and an oversized body are refused`() async throws {
        let headers: HTTPHeaders = ["X-Hub-Signature-256": "sha256=\(Self.signature)"]
        #expect(try await post(headers, body: Self.body + " ") == (403, 0))
        #expect(try await post(headers, body: String(repeating: " ", count: 1 << 21)) == (413, 0))
    }

    @Test func `without a secret, there is no webhook`() async throws {
        try await withServer {
            [ReadinessServer(obstacle: { nil }, metrics: { [] }, options: $0, logger: silent)]
        } _: { endpoint, _ in
            let answer = try await ask(.POST, endpoint, "/webhook", token: nil, body: "{}")
            #expect(answer.status == 404)
        }
    }
}

private final class Counter: Sendable {
    private let count = Mutex(0)
    var value: Int { count.withLock { $0 } }
    func add() { count.withLock { $0 += 1 } }
}
