/// A token as a person copies it: `SECRET`, or `SECRET.FINGERPRINT`.
///
/// The secret proves to a server that the client may call it. The fingerprint names the certificate authority of the server, so
/// that the client can find the authority over the network and need not have a copy of it. A client that needs no authority, or
/// has one, accepts the secret alone.
///
/// Its description contains only the fingerprint, so that the secret cannot get into a log by accident.
///
/// - Since: 0.1
public struct AccessToken: Hashable, Sendable {
    /// The secret, which is sent to the server. Never log it.
    public let secret: String
    /// The certificate authority of the server; `nil` if the token does not name it.
    public let fingerprint: CertificateFingerprint?

    /// The rule for a token, worded for a message that must not contain the token.
    public static let rule = "must be 1 to 512 visible ASCII characters"

    /// Parses a token. Only the last 64 hexadecimal digits after a `.` are a fingerprint; any other text is a secret as a whole.
    public init?(_ text: String) {
        guard (1...512).contains(text.utf8.count), text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            return nil
        }
        if let dot = text.utf8.lastIndex(of: UInt8(ascii: ".")), dot != text.startIndex,
            let fingerprint = CertificateFingerprint(rawValue: String(text[text.utf8.index(after: dot)...]))
        {
            self.init(secret: String(text[..<dot]), fingerprint: fingerprint)
        } else {
            self.init(secret: text)
        }
    }

    /// Creates a token from its parts.
    public init(secret: String, fingerprint: CertificateFingerprint? = nil) {
        self.secret = secret
        self.fingerprint = fingerprint
    }

    /// The text that `init(_:)` accepts. It contains the secret; never log it.
    public var text: String { fingerprint.map { "\(secret).\($0)" } ?? secret }
}

extension AccessToken: CustomStringConvertible {
    public var description: String { fingerprint.map { "token for the authority \($0)" } ?? "token" }
}
