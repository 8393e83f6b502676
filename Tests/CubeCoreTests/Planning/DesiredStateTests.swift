import CubeJSON
import CubeTypes
import Testing

@testable import CubeCore

struct DesiredStateTests {
    private static let now = PlanningWorld.start

    private func snapshot(_ files: [BytePath: FileState], isPartial: Bool = false) -> ManifestSnapshot {
        ManifestSnapshot(
            began: Self.now, ended: Self.now, isPartial: isPartial, isComplete: true,
            root: RootIdentity.directory(device: 1, inode: 1), files: files, source: SourceRevision(path: "manifests"))
    }

    private func readable(_ workloads: Workload...) -> FileState {
        .readable(workloads, digest: .sha256(of: "\(workloads)"))
    }

    @Test func `the dependencies of a name are those of its last definition, even after conflicting definitions`() {
        var world = PlanningWorld()
        world.behaviour = ["slow": .hang]
        world.write("db.json", Workload("db", "slow"))
        world.write("web.json", Workload("web", dependsOn: ["db"]))
        world.read()
        world.settle()
        world.write("other.json", Workload("web", file: "other.json"))
        world.read()
        world.files["other.json"] = nil
        world.read()
        world.settle()
        #expect(world.live("web").isEmpty)
        world.become(.run, "db")
        world.settle()
        #expect(world.live("web").count == 1)
    }

    /// A saved plan carries the digest to another process, and maybe to another build. The value was computed with other tools
    /// from the canonical texts of the three workloads, the first of which is
    /// `{"name":"web","settings":"sha256:903a…","spec":"sha256:6b20…","steering":{"depends_on":["cache","db"],`
    /// `"ignore":["/labels/team"],"prune":false,"replicas":2,"update":{"deadline":60000,"max_surge":1}}}`.
    @Test func `the digest of the declarations is derived from canonical JSON alone`() {
        var desired = DesiredState()
        let web = Workload(
            "web", "web", replicas: 2, update: UpdatePolicy(maxSurge: 1, deadline: .seconds(60)), prune: false,
            labels: ["team": "shop"], dependsOn: ["db", "cache", "db"], ignore: ["/labels/team"])
        _ = desired.apply(snapshot(["a.json": readable(Workload("db"), web, Workload("cache"))]))
        let expected = "sha256:de005a89b793ca5e8cb9d7805db286de87a63c3eb589a23d8e566b05fbfac90b"
        #expect(desired.digest.rawValue == expected)
    }

    @Test func `a snapshot above the limit is ignored and reported`() {
        var desired = DesiredState(limit: 2)
        _ = desired.apply(snapshot(["a.json": readable(Workload("a"), Workload("b"), Workload("c"))]))
        #expect(desired.workloads.isEmpty)
        #expect(desired.listing.problems.map(\.reason) == [.tooMany])
        _ = desired.apply(snapshot(["a.json": readable(Workload("a"))]))
        _ = desired.apply(snapshot(["b.json": readable(Workload("b"), Workload("c"))], isPartial: true))
        #expect(desired.workloads.count == 1)
        #expect(desired.listing.problems.map(\.reason) == [.tooMany])
    }

    @Test func `a partial snapshot changes no file that it does not contain`() {
        var desired = DesiredState()
        _ = desired.apply(snapshot(["a.json": readable(Workload("a")), "b.json": readable(Workload("b"))]))
        let changed = desired.apply(snapshot(["b.json": readable(Workload("b", "two"))], isPartial: true))
        #expect(changed == [WorkloadName(rawValue: "b")!])
        #expect(desired.workloads.count == 2)
    }

    @Test func `a group that becomes invalid for another reason is reported again`() {
        func broken(_ summary: String) -> FileState {
            .unreadable([Diagnostic(reason: .syntax, summary: summary, range: SourceRange(filename: "b.json"))])
        }
        var desired = DesiredState()
        let web = WorkloadName(rawValue: "a")!
        _ = desired.apply(
            snapshot([
                "cube.json": .group(ManifestGroup(atomic: true)), "a.json": readable(Workload("a")),
                "b.json": broken("one"),
            ]))
        #expect(desired.apply(snapshot(["b.json": broken("two")], isPartial: true)) == [web])
        #expect(desired.diagnostics(of: web).map(\.summary) == ["two"])
        #expect(desired.apply(snapshot(["b.json": broken("two")], isPartial: true)) == [])
    }

    @Test func `the revision is that of the last snapshot, and not known from a partial snapshot alone`() {
        var desired = DesiredState()
        var part = snapshot(["a.json": readable(Workload("a"))], isPartial: true)
        part.source.commit = "one"
        _ = desired.apply(part)
        #expect(!desired.isKnown)
        _ = desired.apply(snapshot(["a.json": readable(Workload("a"))]))
        #expect(desired.listing.revision?.commit == nil)
        _ = desired.apply(part)
        #expect(desired.listing.revision?.commit == "one")
    }

    @Test func `the digest depends only on the declarations, not on their history`() {
        var long = DesiredState()
        _ = long.apply(snapshot(["a.json": readable(Workload("a", "one")), "b.json": readable(Workload("b"))]))
        _ = long.apply(snapshot(["a.json": readable(Workload("a", "two"))]))
        var short = DesiredState()
        _ = short.apply(snapshot(["c.json": readable(Workload("a", "two"))]))
        #expect(long.digest == short.digest)
        _ = short.apply(snapshot(["c.json": readable(Workload("a", "two", replicas: 2))]))
        #expect(long.digest != short.digest)
    }

    @Test func `an unreadable file keeps the names whose tasks come from it`() {
        let broken = Diagnostic(reason: .syntax, summary: "unexpected end", range: SourceRange(filename: "a.json"))
        var desired = DesiredState(oneShot: true)
        _ = desired.apply(snapshot(["a.json": .unreadable([broken])]))
        #expect(desired.workloads.isEmpty && desired.absence(at: Self.now) == .unproved(.sourceUnreadable))
        let web = WorkloadName(rawValue: "web")!
        #expect(desired.know([(web, KnownName(files: ["a.json"], lives: true))]) == [web])
        #expect(Set(desired.workloads.keys) == [web] && desired.absence(at: Self.now) == .proved)
        // A name with only ended tasks is kept too. It does not make the names of the file known.
        _ = desired.know([(web, KnownName(files: ["a.json"]))])
        #expect(Set(desired.workloads.keys) == [web] && desired.absence(at: Self.now) == .unproved(.sourceUnreadable))
        #expect(desired.know([(web, nil)]) == [web])
        #expect(desired.workloads.isEmpty)
    }

    @Test func `an unreadable file also keeps names that it defined before the manager knew them`() {
        let broken = Diagnostic(reason: .syntax, summary: "unexpected end", range: SourceRange(filename: "a.json"))
        let (web, db) = (WorkloadName(rawValue: "web")!, WorkloadName(rawValue: "db")!)
        var desired = DesiredState(oneShot: true)
        _ = desired.know([
            (web, KnownName(files: ["a.json"], lives: true)), (db, KnownName(files: ["db.json"], lives: true)),
        ])
        _ = desired.apply(snapshot(["a.json": readable(Workload("web"), Workload("db", file: "a.json"))]))
        _ = desired.apply(snapshot(["a.json": .unreadable([broken])]))
        #expect(Set(desired.workloads.keys) == [web, db])
        // The name was declared in another file since, and is not any more.
        _ = desired.apply(snapshot(["a.json": .unreadable([broken]), "db.json": readable(Workload("db"))]))
        _ = desired.apply(snapshot(["a.json": .unreadable([broken])]))
        #expect(Set(desired.workloads.keys) == [web])
    }

    /// A file system was mounted over a directory or unmounted there. The files below the directory may still exist.
    @Test(arguments: [([], ["team"]), (["team"], [])] as [([BytePath], [BytePath])])
    func `a mount or unmount may hide the names below its directory, and removes none`(
        before: [BytePath], after: [BytePath]
    ) throws {
        var desired = DesiredState(oneShot: true)
        func look(_ files: [BytePath: FileState], _ mounts: [BytePath]) {
            var snapshot = snapshot(files)
            snapshot.mounts = Set(mounts)
            _ = desired.apply(snapshot)
            for case (let file, .readable(let workloads, _)) in files {
                _ = desired.know(workloads.map { ($0.name, KnownName(files: [file], lives: true)) })
            }
            desired.recordedRoot = desired.newRoot ?? desired.recordedRoot
        }
        let (web, db) = (readable(Workload("web")), readable(Workload("db", file: "team/db.json")))
        look(["web.json": web, "team/db.json": db], before)
        #expect(!desired.isRootReplaced)
        look(["web.json": web], after)
        #expect(desired.isRootReplaced)
        // The result is the same after a restart.
        let (known, root) = (desired.known.names, desired.recordedRoot)
        desired = DesiredState(oneShot: true)
        _ = desired.know(known.map { ($0.key, $0.value) })
        desired.recordedRoot = root
        look(["web.json": web], after)
        #expect(desired.isRootReplaced)

        look(["web.json": web, "team/db.json": db], before)
        #expect(!desired.isRootReplaced)
        // A mount elsewhere hides nothing, and moved names are found.
        look(["web.json": web, "db.json": readable(Workload("db", file: "db.json"))], after)
        #expect(!desired.isRootReplaced)
        look(["web.json": web], after)
        #expect(!desired.isRootReplaced)
    }
}
