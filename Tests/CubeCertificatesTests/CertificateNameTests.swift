import CubeCertificates
import CubeTypes
import Testing

@Suite struct CertificateNameTests {
    static let cluster: ClusterID = "0f3c0000-0000-4000-8000-000000000000"

    @Test func `a name survives its URI`() {
        for name in [CertificateName.manager(Self.cluster), .worker(Self.cluster, "w1")] {
            #expect(CertificateName(uri: name.uri) == name)
        }
        #expect(CertificateName.worker(Self.cluster, "w1").uri == "cube://\(Self.cluster)/worker/w1")
        #expect(CertificateName.manager(Self.cluster).uri == "cube://\(Self.cluster)/manager")
    }

    @Test(arguments: [
        "", "cube://", "cube://x/manager", "https://0f3c0000-0000-4000-8000-000000000000/manager",
        "cube://0f3c0000-0000-4000-8000-000000000000", "cube://0f3c0000-0000-4000-8000-000000000000/manager/w1",
        "cube://0f3c0000-0000-4000-8000-000000000000/worker", "cube://0f3c0000-0000-4000-8000-000000000000/worker/",
        "cube://0f3c0000-0000-4000-8000-000000000000/worker/W1",
        "cube://0f3c0000-0000-4000-8000-000000000000/worker/w1/manager",
    ])
    func `any other URI names nobody`(uri: String) { #expect(CertificateName(uri: uri) == nil) }

    @Test func `the hosts of different parts differ`() {
        let hosts = [
            CertificateName.manager(Self.cluster), .worker(Self.cluster, "w1"), .worker(Self.cluster, "manager"),
        ]
        .map(\.host)
        #expect(Set(hosts).count == 3)
        #expect(hosts == ["manager.cube.internal", "w1.node.cube.internal", "manager.node.cube.internal"])
    }
}
