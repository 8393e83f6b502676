import CubeErrors
import CubeSystem
import CubeTypes
import Logging
import NIOSSL
import Synchronization
import SystemPackage

/// The TLS configuration of the connections to one server. It follows changes of the files and certificates that it is made from.
final class ServerTrust: Sendable {
    private struct State {
        var authorities: Authorities?
        var identity: TLSOptions.Identity?
        var configuration: TLSConfiguration?
        /// The problem that was logged last, so that it is not logged for every request.
        var problem: String?
    }

    private struct Authorities {
        var pem: [UInt8]
        var certificates: [NIOSSLCertificate]
    }

    private let endpoint: Endpoint
    private let options: ClientOptions
    private let state = Mutex(State())

    init(_ endpoint: Endpoint, options: ClientOptions) {
        self.endpoint = endpoint
        self.options = options
    }

    /// Returns the configuration for the next request.
    ///
    /// - Throws: `APIError` if what to trust is unknown. Nothing was sent then.
    func configuration() async throws -> TLSConfiguration {
        let pem = try await authorities()
        let identity = options.tls.identity?()
        return try state.withLock { state in
            if let known = state.configuration, state.authorities?.pem == pem, state.identity == identity {
                return known
            }
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.minimumTLSVersion = .tlsv12
            if let pem {
                let certificates = try Self.certificates(in: pem, endpoint)
                configuration.trustRoots = .certificates(certificates)
                state.authorities = Authorities(pem: pem, certificates: certificates)
            }
            if let identity { try Self.add(identity, to: &configuration) }
            state.identity = identity
            state.configuration = configuration
            return configuration
        }
    }

    /// The authorities to trust, as PEM; `nil` for those of this machine.
    private func authorities() async throws -> [UInt8]? {
        switch options.tls.trust {
        case .authority(let pem, _): return pem
        case .fingerprint(let fingerprint, _):
            if let known = state.withLock(\.authorities?.pem) { return known }
            return try await AuthorityLookup.authority(of: endpoint, fingerprint, options)
        case nil:
            guard let file = options.tls.authorityFile else { return nil }
            return try fileContent(file)
        }
    }

    /// Reads the file of the authorities. While it cannot be read, the former content stays in use.
    private func fileContent(_ file: String) throws -> [UInt8] {
        var problem: String
        do throws(FileError) {
            if let bytes = try RegularFile.read(FilePath(file), limit: 1 << 20) {
                // Text that cannot be parsed contains no certificate.
                let parsed = try? NIOSSLCertificate.fromPEMBytes(bytes)
                if !(parsed ?? []).isEmpty {
                    state.withLock { $0.problem = nil }
                    return bytes
                }
                problem = "it contains no PEM certificate"
            } else {
                problem = "no such file"
            }
        } catch {
            problem = "\(error.cause)"
        }
        problem = "the authorities in \(file) cannot be read: \(problem)"
        let (known, isNew) = state.withLock { state in
            defer { state.problem = problem }
            return (state.authorities?.pem, state.problem != problem)
        }
        guard let known else { throw APIError(.validationFailed, problem) }
        if isNew { options.logger.error("\(problem); the former ones stay in use") }
        return known
    }

    private static func certificates(in pem: [UInt8], _ endpoint: Endpoint) throws -> [NIOSSLCertificate] {
        do { return try NIOSSLCertificate.fromPEMBytes(pem) } catch {
            throw APIError(.validationFailed, "the authorities for \(endpoint) are not PEM certificates")
        }
    }

    private static func add(_ identity: TLSOptions.Identity, to configuration: inout TLSConfiguration) throws {
        do {
            configuration.certificateChain = try NIOSSLCertificate.fromPEMBytes(identity.chain).map { .certificate($0) }
            configuration.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: identity.key, format: .pem))
        } catch {
            throw APIError(.validationFailed, "the client certificate or its key is not valid PEM")
        }
    }
}
