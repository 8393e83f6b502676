import CubeCertificates
import CubeErrors
import CubeManager
import CubeTypes
import Hummingbird

extension RouteTable {
    /// - Parameter desk: `nil` if the manager has no certificate authority, because it speaks no TLS.
    static func certificates(_ desk: CertificateDesk?) -> [Route] {
        [
            Route(
                .get, "\(managerPrefix)/ca", .everybody,
                Operation(
                    "getAuthority",
                    "Returns the certificate authority of the cluster. A client must compare its fingerprint with the one in its "
                        + "token.",
                    .ok(ManagerAuthority.self), errors: [.conflict])
            ) { _ in try .json(ManagerAuthority(certificate: try required(desk).authority.pem)) },
            Route(
                .post, "\(managerPrefix)/certificates", .worker,
                Operation(
                    "issueCertificate",
                    "Issues a certificate to a worker that presents a token or its current certificate.",
                    .ok(IssuedCertificate.self), errors: [.foreignCluster, .conflict]),
                .body(CertificateOrder.self)
            ) { call, order in try .json(try required(desk).issue(order, to: call.peer)) },
        ]
    }

    private static func required(_ desk: CertificateDesk?) throws(APIError) -> CertificateDesk {
        guard let desk else {
            throw APIError(.conflict, "this manager has no certificate authority, because it speaks no TLS")
        }
        return desk
    }
}
