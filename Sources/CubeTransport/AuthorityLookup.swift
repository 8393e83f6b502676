import AsyncHTTPClient
import Crypto
import CubeErrors
import CubeTypes
import FoundationEssentials
import NIOCore
import NIOHTTP1
import NIOSSL
import Synchronization

/// Asks a server for its certificate authority, and for its clock, over a connection that is not verified.
///
/// Nothing that the server says is trusted, and no token is sent. An authority is accepted only if its fingerprint is the one in the
/// token, which nobody can imitate. The clock only explains why a verified connection fails.
enum AuthorityLookup {
    /// What a server says of itself.
    struct Found: Sendable {
        /// The certificates of the authority, each as PEM, by fingerprint.
        var authorities: [CertificateFingerprint: [UInt8]] = [:]
        /// The time of the response by the clock of the server.
        var time: Timestamp?
    }

    /// The maximum size of the response in bytes; a certificate has about a thousand.
    private static let limit = 64 << 10

    /// The client for connections that are not verified.
    private static let client: HTTPClient = {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        tls.certificateVerification = .none
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls, redirectConfiguration: .disallow)
        configuration.httpVersion = .http1Only
        // The call that needs the authority is retried as a whole. Otherwise, a refused connection would be repeated until the deadline.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.tracing.tracer = nil
        return HTTPClient(configuration: configuration)
    }()

    private static let known = Mutex<[CertificateFingerprint: [UInt8]]>([:])

    /// Returns the authority with a fingerprint, as PEM.
    ///
    /// - Throws: `unavailable`; it is worth a retry unless the server has another authority.
    static func authority(
        of endpoint: Endpoint, _ fingerprint: CertificateFingerprint, _ options: ClientOptions
    ) async throws -> [UInt8] {
        if let known = known.withLock({ $0[fingerprint] }) { return known }
        let found = try await ask(endpoint, options)
        guard let authority = found.authorities[fingerprint] else {
            let other = found.authorities.keys.sorted().first.map { "has the fingerprint \($0)" } ?? "is not known"
            throw APIError(
                .unavailable,
                "the authority of \(endpoint) \(other), but the token is for the fingerprint \(fingerprint), so the token was "
                    + "not sent: it is the token of another manager, or somebody intercepts the connection",
                retry: false)
        }
        known.withLock { $0[fingerprint] = authority }
        return authority
    }

    static func ask(_ endpoint: Endpoint, _ options: ClientOptions) async throws -> Found {
        let path = "/api/v1/manager/ca"
        var request = HTTPClientRequest(url: endpoint.rawValue + path)
        request.headers.add(name: "Host", value: ClientOptions.managerName)
        do {
            let response = try await client.execute(request, timeout: TimeAmount(options.connectDeadline * 2))
            let body = try await response.body.collect(upTo: limit)
            var found = Found(time: response.headers.first(name: "date").flatMap(Timestamp.init(httpDate:)))
            guard response.status == .ok,
                // A server without an authority answers with an error.
                let authority = try? JSONDecoder().decode(ManagerAuthority.self, from: Data(body.readableBytesView))
            else { return found }
            for der in certificates(inPEM: Array(authority.certificate.utf8)) {
                found.authorities[CertificateFingerprint(ofDER: der)] = pem(of: der)
            }
            return found
        } catch {
            throw wireError(error, label: "GET \(endpoint)\(path)")
        }
    }

    static func fingerprints(inPEM text: [UInt8]) -> [CertificateFingerprint] {
        certificates(inPEM: text).map(CertificateFingerprint.init(ofDER:))
    }

    /// The certificates of a PEM text in DER.
    private static func certificates(inPEM text: [UInt8]) -> [[UInt8]] {
        // Any other text contains no certificate.
        ((try? NIOSSLCertificate.fromPEMBytes(text)) ?? []).compactMap { try? $0.toDERBytes() }
    }

    /// One certificate as PEM. The text of the server is not used, as it may contain others.
    private static func pem(of der: [UInt8]) -> [UInt8] {
        let text = Data(der).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
        return Array("-----BEGIN CERTIFICATE-----\n\(text)\n-----END CERTIFICATE-----\n".utf8)
    }
}

extension CertificateFingerprint {
    init(ofDER der: [UInt8]) {
        self.init(rawValue: Hexadecimal.text(Array(SHA256.hash(data: der))))!
    }
}

extension Timestamp {
    /// Parses the time in the header field `Date` (RFC 9110), such as `Sun, 29 Nov 2026 07:41:09 GMT`.
    init?(httpDate text: String) {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let parts = text.split(separator: " ")
        guard parts.count == 6, parts[5] == "GMT", parts[1].count == 2, parts[3].count == 4, parts[4].count == 8,
            let month = months.firstIndex(of: String(parts[2]))
        else { return nil }
        self.init("\(parts[3])-\(month < 9 ? "0" : "")\(month + 1)-\(parts[1])T\(parts[4])Z")
    }
}
