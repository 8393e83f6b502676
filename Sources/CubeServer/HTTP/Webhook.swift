package import CubeErrors
import Crypto
import FoundationEssentials
import HTTPTypes
import Hummingbird

/// The endpoint `POST /webhook`, which reports that the source has changed. A caller with the secret can wake the
/// program, and nothing else: the content of the body is ignored.
package struct Webhook: Sendable {
    private let secret: String
    private let wake: @Sendable () -> Void

    /// - Parameter secret: The secret that is shared with the caller.
    init(secret: String, wake: @Sendable @escaping () -> Void) {
        self.secret = secret
        self.wake = wake
    }

    /// - Parameter secretFile: A file that contains the secret, of at least 16 characters.
    /// - Throws: An error if the file does not exist or contains no valid secret.
    package init(secretFile: String, wake: @Sendable @escaping () -> Void) throws(APIError) {
        guard let secret = try SecretFile.read(secretFile, shortest: 16) else {
            throw APIError(.validationFailed, "\(secretFile): no such file")
        }
        self.init(secret: secret, wake: wake)
    }

    var route: Route {
        Route(
            .post, "/webhook", .everybody,
            Operation(
                "wake", "Triggers a check of the source.", .json(202, Health.self, "The source will be checked."),
                errors: [.forbidden])
        ) { call in
            let body = try await call.bytes()
            guard admits(call.request.headers, body) else {
                throw APIError(.forbidden, "X-Hub-Signature-256 or X-Gitlab-Token does not match the webhook secret")
            }
            wake()
            return try .json(Health(status: "accepted"), status: .accepted)
        }
    }

    /// Whether the header fields prove knowledge of the secret. The comparison takes constant time.
    private func admits(_ headers: HTTPFields, _ body: [UInt8]) -> Bool {
        let key = Array(secret.utf8)
        if let signature = headers[.hubSignature] {
            guard signature.hasPrefix("sha256="), let code = [UInt8](hexadecimal: signature.dropFirst(7)) else {
                return false
            }
            return HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: body, using: SymmetricKey(data: key))
        }
        guard let token = headers[.gitlabToken] else { return false }
        return SHA256.hash(data: Array(token.utf8)) == SHA256.hash(data: key)
    }
}

extension HTTPField.Name {
    fileprivate static let hubSignature = HTTPField.Name("X-Hub-Signature-256")!
    fileprivate static let gitlabToken = HTTPField.Name("X-Gitlab-Token")!
}

extension [UInt8] {
    /// Parses hexadecimal digits.
    ///
    /// - Parameter text: An even number of hexadecimal digits.
    fileprivate init?(hexadecimal text: Substring) {
        let digits = text.map { $0.isASCII ? $0.hexDigitValue : nil }
        guard digits.count.isMultiple(of: 2), !digits.contains(nil) else { return nil }
        self = stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0]! << 4 | digits[$0 + 1]!) }
    }
}
