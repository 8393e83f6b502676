import CubeCore
import CubeTypes
import Testing

struct AbsenceProofTests {
    /// One look: when, in seconds, and what of it is not as it should be.
    struct Look {
        var at: Int64
        var takes: Int64 = 0
        var isComplete = true
        var isBusy = false
        var differs = false
        var root: UInt64? = 1
        var isImmutable = false
    }

    private func verdict(_ looks: Look..., oneShot: Bool = false) -> AbsenceProof.Verdict {
        var proof = AbsenceProof(oneShot: oneShot)
        var end = Timestamp(milliseconds: 0)
        for look in looks {
            end = Timestamp(milliseconds: (look.at + look.takes) * 1000)
            let snapshot = ManifestSnapshot(
                began: Timestamp(milliseconds: look.at * 1000), ended: end, isComplete: look.isComplete,
                isImmutable: look.isImmutable, root: look.root.map { RootIdentity.directory(device: 1, inode: $0) },
                isBusy: look.isBusy, files: [:],
                source: SourceRevision(path: "manifests"))
            proof.listed(snapshot, differs: look.differs)
        }
        return proof.verdict(at: end)
    }

    @Test func `two agreeing listings two seconds apart are a proof`() {
        #expect(verdict(Look(at: 0)) == .unproved(.absenceUnproved))
        #expect(verdict(Look(at: 0), Look(at: 1)) == .unproved(.absenceUnproved))
        #expect(verdict(Look(at: 0), Look(at: 2)) == .proved)
        #expect(verdict(Look(at: 0), Look(at: 1), Look(at: 2)) == .proved)
    }

    @Test func `one look at what cannot change is a proof, unless it did not see everything`() {
        #expect(verdict(Look(at: 0, isImmutable: true)) == .proved)
        #expect(verdict(Look(at: 0, isImmutable: true), Look(at: 0, differs: true, isImmutable: true)) == .proved)
        #expect(verdict(Look(at: 0, isComplete: false, isImmutable: true)) == .unproved(.sourceIncomplete))
        #expect(verdict(Look(at: 0, root: nil, isImmutable: true)) == .unproved(.absenceUnproved))
    }

    @Test func `the time counts from the end of one listing to the beginning of the other`() {
        #expect(verdict(Look(at: 0, takes: 5), Look(at: 6, takes: 5)) == .unproved(.absenceUnproved))
        #expect(verdict(Look(at: 0, takes: 5), Look(at: 7, takes: 5)) == .proved)
    }

    @Test func `whatever happens between the listings makes them start anew`() {
        #expect(verdict(Look(at: 0), Look(at: 2, differs: true)) == .unproved(.absenceUnproved))
        #expect(verdict(Look(at: 0), Look(at: 2, root: 2)) == .unproved(.absenceUnproved))
        #expect(verdict(Look(at: 0), Look(at: 2, isComplete: false)) == .unproved(.sourceIncomplete))
        #expect(verdict(Look(at: 0), Look(at: 2, isComplete: false), Look(at: 4)) == .unproved(.absenceUnproved))
        #expect(verdict(Look(at: 0), Look(at: 2, isBusy: true), Look(at: 4)) == .unproved(.absenceUnproved))
        #expect(verdict(Look(at: 0, root: nil), Look(at: 2, root: nil)) == .unproved(.absenceUnproved))
    }

    @Test func `git at work is waited for, and after a minute a person is asked`() {
        #expect(verdict(Look(at: 0, isBusy: true), Look(at: 59, isBusy: true)) == .unproved(.sourceBusy))
        #expect(verdict(Look(at: 0, isBusy: true), Look(at: 60, isBusy: true)) == .held(.sourceBusy))
        #expect(verdict(Look(at: 0, isBusy: true), Look(at: 60), Look(at: 62)) == .proved)
    }

    @Test func `a clock that was set back proves nothing`() {
        #expect(verdict(Look(at: 100), Look(at: 10)) == .unproved(.absenceUnproved))
    }

    @Test func `a command that looks once needs one clean listing`() {
        #expect(verdict(Look(at: 0), oneShot: true) == .proved)
        #expect(verdict(Look(at: 0, isBusy: true), oneShot: true) == .unproved(.sourceBusy))
        #expect(verdict(Look(at: 0, isComplete: false), oneShot: true) == .unproved(.sourceIncomplete))
    }
}
