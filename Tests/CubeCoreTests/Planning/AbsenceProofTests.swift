import CubeCore
import CubeTypes
import Testing

struct AbsenceProofTests {
    /// One listing: its times in seconds, and its deviations from a clean listing.
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

    @Test func `two equal listings two seconds apart prove absence`() {
        #expect(verdict(Look(at: 0)) == .unproved(.absenceUnproved))
        #expect(verdict(Look(at: 0), Look(at: 1)) == .unproved(.absenceUnproved))
        #expect(verdict(Look(at: 0), Look(at: 2)) == .proved)
        #expect(verdict(Look(at: 0), Look(at: 1), Look(at: 2)) == .proved)
    }

    @Test func `one listing of an immutable source proves absence, unless it is incomplete`() {
        #expect(verdict(Look(at: 0, isImmutable: true)) == .proved)
        #expect(verdict(Look(at: 0, isImmutable: true), Look(at: 0, differs: true, isImmutable: true)) == .proved)
        #expect(verdict(Look(at: 0, isComplete: false, isImmutable: true)) == .unproved(.sourceIncomplete))
        #expect(verdict(Look(at: 0, root: nil, isImmutable: true)) == .unproved(.absenceUnproved))
    }

    @Test func `the distance is measured from the end of one listing to the beginning of the next`() {
        #expect(verdict(Look(at: 0, takes: 5), Look(at: 6, takes: 5)) == .unproved(.absenceUnproved))
        #expect(verdict(Look(at: 0, takes: 5), Look(at: 7, takes: 5)) == .proved)
    }

    @Test func `any change between the listings restarts the proof`() {
        #expect(verdict(Look(at: 0), Look(at: 2, differs: true)) == .unproved(.absenceUnproved))
        #expect(verdict(Look(at: 0), Look(at: 2, root: 2)) == .unproved(.absenceUnproved))
        #expect(verdict(Look(at: 0), Look(at: 2, isComplete: false)) == .unproved(.sourceIncomplete))
        #expect(verdict(Look(at: 0), Look(at: 2, isComplete: false), Look(at: 4)) == .unproved(.absenceUnproved))
        #expect(verdict(Look(at: 0), Look(at: 2, isBusy: true), Look(at: 4)) == .unproved(.absenceUnproved))
        #expect(verdict(Look(at: 0, root: nil), Look(at: 2, root: nil)) == .unproved(.absenceUnproved))
    }

    @Test func `a git operation delays the proof, and after a minute an approval is required`() {
        #expect(verdict(Look(at: 0, isBusy: true), Look(at: 59, isBusy: true)) == .unproved(.sourceBusy))
        #expect(verdict(Look(at: 0, isBusy: true), Look(at: 60, isBusy: true)) == .held(.sourceBusy))
        #expect(verdict(Look(at: 0, isBusy: true), Look(at: 60), Look(at: 62)) == .proved)
    }

    @Test func `a clock that was set back completes no proof`() {
        #expect(verdict(Look(at: 100), Look(at: 10)) == .unproved(.absenceUnproved))
    }

    @Test func `a one-shot command needs only one clean listing`() {
        #expect(verdict(Look(at: 0), oneShot: true) == .proved)
        #expect(verdict(Look(at: 0, isBusy: true), oneShot: true) == .unproved(.sourceBusy))
        #expect(verdict(Look(at: 0, isComplete: false), oneShot: true) == .unproved(.sourceIncomplete))
    }
}
