import CubeCertificates
import CubeErrors
import CubeTypes
import Foundation
import Glibc
import SystemPackage
import Testing

@Suite struct CertificateTests {
    private static let cluster: ClusterID = "0f3c0000-0000-4000-8000-000000000000"
    private static let other: ClusterID = "0f3c0000-0000-4000-8000-000000000001"
    private static let now = Timestamp(milliseconds: 1_700_000_000_000)

    /// Runs a test in a directory of its own.
    private func withDirectory(_ body: (FilePath) throws -> Void) throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "cube-ca-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }  // Removal is only clean-up.
        try body(FilePath(directory.path))
    }

    private func authority(in directory: FilePath, _ cluster: ClusterID = cluster) throws -> CertificateAuthority {
        try CertificateAuthority.loadOrCreate(in: directory.appending("\(cluster)"), cluster: cluster, at: Self.now)
    }

    private func desk(in directory: FilePath, lifetime: Duration = .seconds(3600)) throws -> CertificateDesk {
        CertificateDesk(
            authority: try authority(in: directory), keys: try NodeKeys(file: directory.appending("nodes.json")),
            lifetime: lifetime, now: { Self.now })
    }

    private func der(_ pem: String) throws -> [UInt8] {
        let lines = pem.split(separator: "\n").prefix { !$0.hasPrefix("-----END") }.dropFirst()
        return [UInt8](try #require(Data(base64Encoded: lines.joined())))
    }

    private func refusal(_ check: () throws -> CertificateName) -> PeerCheck.Refusal? {
        do {
            _ = try check()
            return nil
        } catch {
            return (error as? APIError)?.certificateRefusal
        }
    }

    // MARK: The authority

    @Test func `an authority is created once, with a key that only its user can read`() throws {
        try withDirectory { directory in
            let first = try authority(in: directory)
            let second = try authority(in: directory)
            #expect(first.fingerprint == second.fingerprint && first.pem == second.pem)
            var status = stat()
            #expect(stat("\(directory)/\(Self.cluster)/ca.key", &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600)
            #expect(try authority(in: directory, Self.other).fingerprint != first.fingerprint)
        }
    }

    @Test func `the authority of another cluster, a lost key and a key that others can read are refused`() throws {
        try withDirectory { directory in
            _ = try authority(in: directory)
            let place = directory.appending("\(Self.cluster)")
            func reason(_ cluster: ClusterID = Self.cluster) -> ErrorReason? {
                do {
                    _ = try CertificateAuthority.loadOrCreate(in: place, cluster: cluster, at: Self.now)
                    return nil
                } catch { return error.reason }
            }
            #expect(reason() == nil)
            #expect(reason(Self.other) == .conflict)
            chmod("\(place)/ca.key", 0o644)
            #expect(reason() == .forbidden)
            unlink("\(place)/ca.key")
            #expect(reason() == .conflict)
        }
    }

    // MARK: Admission

    @Test func `a certificate names the node that was asked for, and the check accepts it`() throws {
        try withDirectory { directory in
            let desk = try desk(in: directory)
            let key = CertificateKey()
            let issued = try desk.issue(CertificateOrder(node: "w1", request: try key.request()), to: nil)
            #expect(issued.cluster == Self.cluster)
            #expect(try desk.check.name(in: der(issued.certificate), at: Self.now) == .worker(Self.cluster, "w1"))
        }
    }

    @Test func `a certificate is refused before and after its life, and by another cluster`() throws {
        try withDirectory { directory in
            let desk = try desk(in: directory)
            let issued = try desk.issue(CertificateOrder(node: "w1", request: try CertificateKey().request()), to: nil)
            let certificate = try der(issued.certificate)
            let check = try desk.check
            // A certificate that was accepted before is still checked each time.
            _ = try check.name(in: certificate, at: Self.now)
            #expect(refusal { try check.name(in: certificate, at: Self.now + .seconds(3601)) } == .expired)
            #expect(refusal { try check.name(in: certificate, at: Self.now + .seconds(-301)) } == .notYetValid)
            let foreign = try PeerCheck(
                authority: Array(try authority(in: directory, Self.other).pem.utf8), cluster: Self.other,
                owner: "a test")
            #expect(refusal { try foreign.name(in: certificate, at: Self.now) } == .unknownAuthority)
            #expect(refusal { try check.name(in: [1, 2, 3], at: Self.now) } == .malformed)
        }
    }

    @Test func `an authority that copies the name of another one gains nothing`() throws {
        try withDirectory { directory in
            let copy = directory.appending("copy")
            mkdir(copy.string, 0o700)
            let real = try desk(in: directory)
            let imitation = CertificateDesk(
                authority: try CertificateAuthority.loadOrCreate(
                    in: copy.appending("ca"), cluster: Self.cluster, at: Self.now),
                keys: try NodeKeys(file: copy.appending("nodes.json")), lifetime: .seconds(60), now: { Self.now })
            let issued = try imitation.issue(
                CertificateOrder(node: "w1", request: try CertificateKey().request()), to: nil)
            #expect(refusal { try real.check.name(in: der(issued.certificate), at: Self.now) } == .unknownAuthority)
        }
    }

    @Test func `the name of a node belongs to one key until its certificate ends, or the node proves another key`()
        throws
    {
        try withDirectory { directory in
            let desk = try desk(in: directory)
            let (first, second) = (CertificateKey(), CertificateKey())
            func order(_ key: CertificateKey, _ node: NodeName = "w1") throws -> CertificateOrder {
                CertificateOrder(node: node, request: try key.request())
            }
            let certificate = try desk.issue(order(first), to: nil).certificate
            #expect(throws: Never.self) { try desk.issue(order(first), to: nil) }
            let refused = #expect(throws: APIError.self) { try desk.issue(order(second), to: nil) }
            #expect(refused?.reason == .conflict)
            #expect(throws: Never.self) { try desk.issue(order(second, "w2"), to: nil) }
            let forbidden = #expect(throws: APIError.self) {
                try desk.issue(order(second), to: .worker(Self.cluster, "w2"))
            }
            #expect(forbidden?.reason == .forbidden)
            #expect(throws: Never.self) { try desk.issue(order(second), to: .worker(Self.cluster, "w1")) }
            // The former key is no longer admitted.
            #expect(refusal { try desk.check.name(in: der(certificate), at: Self.now) } == .revoked)
        }
    }

    @Test func `an order of another cluster, or without a valid request, is refused`() throws {
        try withDirectory { directory in
            let desk = try desk(in: directory)
            let request = try CertificateKey().request()
            let foreign = #expect(throws: APIError.self) {
                try desk.issue(CertificateOrder(node: "w1", cluster: Self.other, request: request), to: nil)
            }
            #expect(foreign?.reason == .foreignCluster)
            for text in ["", "x", request.replacing("A", with: "B"), desk.authority.pem] {
                let refused = #expect(throws: APIError.self) {
                    try desk.issue(CertificateOrder(node: "w1", request: text), to: nil)
                }
                #expect(refused?.reason == .validationFailed)
            }
        }
    }

    // MARK: Revocation

    @Test func `a revoked certificate stays revoked after a restart, and a refused removal revokes nothing`()
        async throws
    {
        let directory = FileManager.default.temporaryDirectory.appending(path: "cube-ca-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }  // Removal is only clean-up.
        let path = FilePath(directory.path)
        let desk = try desk(in: path)
        let issued = try desk.issue(CertificateOrder(node: "w1", request: try CertificateKey().request()), to: nil)
        let certificate = try der(issued.certificate)
        func verdict() throws -> PeerCheck.Refusal? {
            let check = try self.desk(in: path).check
            return refusal { try check.name(in: certificate, at: Self.now) }
        }
        await #expect(throws: APIError.self) {
            try await desk.revoke("w1") { () throws(APIError) in throw APIError(.conflict, "it has tasks") }
        }
        #expect(try verdict() == nil)
        try await desk.revoke("w1") { () throws(APIError) in }
        #expect(try verdict() == .revoked)
        // A node that is neither registered nor admitted is unknown.
        await #expect(throws: APIError.self) {
            try await desk.revoke("w1") { () throws(APIError) in throw APIError(.workerNotFound, "node w1: not found") }
        }
    }

    // MARK: The files of a worker

    @Test func `a worker keeps its key and its certificate, and refuses the certificate of another key`() throws {
        try withDirectory { directory in
            let desk = try desk(in: directory)
            let files = WorkerIdentityFiles(directory: directory.appending("identity"))
            #expect(try files.load() == nil && !files.isPresent)
            let key = try files.key()
            #expect(try files.key().digest == key.digest)
            let foreign = try desk.issue(CertificateOrder(node: "w2", request: try CertificateKey().request()), to: nil)
            let refused = #expect(throws: APIError.self) { try files.save(foreign, for: key) }
            #expect(refused?.reason == .malformedAnswer)
            #expect(try files.load() == nil)
            let issued = try desk.issue(CertificateOrder(node: "w1", request: try key.request()), to: nil)
            let stored = try files.save(issued, for: key)
            #expect(stored.name == .worker(Self.cluster, "w1") && stored.fingerprint == desk.authority.fingerprint)
            #expect(try files.load() == stored)
            #expect(!files.isRevoked)
            try files.markRevoked()
            #expect(files.isRevoked)
            try files.remove()
            #expect(try files.load() == nil && !files.isRevoked && !files.isPresent)
        }
    }

    @Test func `supplied files must contain a certificate and its key`() throws {
        try withDirectory { directory in
            let authority = try authority(in: directory)
            let key = CertificateKey()
            let bundle = try authority.issue(
                .manager(Self.cluster), for: key, hosts: ["localhost", "127.0.0.1", "::1"],
                life: CertificateLife(issuedAt: Self.now, lasting: .seconds(60)))
            let files = CertificateFiles(
                certificate: directory.appending("tls.pem"), key: directory.appending("tls.key"))
            #expect(throws: CertificateProblem.self) { try files.load() }
            try Data(bundle.chain).write(to: URL(filePath: files.certificate.string))
            try Data(CertificateKey().pem).write(to: URL(filePath: files.key.string))
            #expect(throws: CertificateProblem.self) { try files.load() }
            try Data(key.pem).write(to: URL(filePath: files.key.string))
            #expect(try files.load() == bundle)
            try Data("no certificate".utf8).write(to: URL(filePath: files.certificate.string))
            #expect(throws: CertificateProblem.self) { try files.load() }
        }
    }
}
