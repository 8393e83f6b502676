import CubeCertificates
import CubeTypes
import Testing

@Suite struct CertificateLifeTests {
    private let now = Timestamp(milliseconds: 1_700_000_000_000)
    private var life: CertificateLife { CertificateLife(issuedAt: now, lasting: .seconds(24 * 3600)) }

    @Test func `a certificate is valid at once, also for a clock that is a little behind`() {
        #expect(life.problem(at: now) == nil)
        #expect(life.problem(at: now + .seconds(-299)) == nil)
        #expect(life.problem(at: now + .seconds(-301)) == .notYetValid(by: .seconds(1)))
    }

    @Test func `a certificate expires after its lifetime`() {
        #expect(life.problem(at: now + .seconds(24 * 3600)) == nil)
        #expect(life.problem(at: now + .seconds(24 * 3600 + 5)) == .expired(by: .seconds(5)))
    }

    @Test(arguments: [0, 0.5, 1])
    func `a certificate is renewed when two thirds of its life are over, or a little earlier`(share: Double) {
        let passed = life.renewal(share: share) - now
        #expect(passed <= .seconds(16 * 3600) && passed >= .seconds(14 * 3600))
        #expect(life.renewal(share: 0) - now == .seconds(16 * 3600))
        #expect(life.renewal(share: 1) - now == .seconds(14 * 3600))
    }
}
