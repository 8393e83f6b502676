import CubeJSON
import CubeTypes

extension CertificateOrder: DescribedObject {
    static let summary = "A worker's request for a certificate."
    static let properties: [Property<CertificateOrder>] = [
        Property("node", \.node),
        Property("cluster", \.cluster, "Cluster that the worker belongs to, if it has joined one."),
        Property("request", \.request, "Certificate request (PKCS #10) as PEM. The names in it are ignored."),
    ]
}

extension IssuedCertificate: DescribedObject {
    static let summary = "A certificate for a worker."
    static let properties: [Property<IssuedCertificate>] = [
        Property("certificate", \.certificate, "Certificate of the worker, as PEM."),
        Property("authority", \.authority, "Certificate of the cluster's authority, as PEM."),
        Property("cluster", \.cluster),
    ]
}

extension ManagerAuthority: DescribedObject {
    static let summary = "The certificate authority of a cluster."
    static let properties: [Property<ManagerAuthority>] = [
        Property("certificate", \.certificate, "Certificate of the authority, as PEM.")
    ]
}
