import CubeTypes
import Testing

@testable import CubeCore

/// Ids and digests must never change. The expected values were computed with other tools.
@Suite struct IdentityTests {
    @Test func `a digest is the SHA-256 of the bytes`() {
        #expect(
            Digest.sha256(of: "abc").rawValue
                == "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }

    @Test func `a task id is the UUID version 5 of its slot, attempt and digest`() {
        let id = TaskID.derive(
            cluster: ClusterID(rawValue: "5f0f3b0e-6a0e-4d6c-9a55-0d3e1b7c2a11")!, owner: .default,
            name: WorkloadName(rawValue: "web")!, ordinal: 0, attempt: 3, digest: .sha256(of: "abc"))
        #expect(id.rawValue == "cf830eaa-ad5e-5396-838a-3bc7c7f11617")
    }
}
