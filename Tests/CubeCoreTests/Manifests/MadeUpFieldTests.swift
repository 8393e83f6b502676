import CubeJSON
import CubeTypes
import FoundationEssentials
import Testing

@testable import CubeCore

/// A field that no code but its table knows goes all the way, from the manifest to the task and back to the reader.
///
/// The values of a made-up field need a property. Each borrows one from a field that its tables leave out.
struct MadeUpFieldTests {
    private static let key = "made_up"
    private static let web = WorkloadName(rawValue: "web")!

    /// The tables of this version, with the made-up field in the place of `working_dir`, `labels` or `prune`.
    private static let replacing = ManifestFields(
        replacing: TaskDefinition.replacingFields.with(
            Field(key, \.workingDirectory, FieldType<String>.absolutePath.optional, "A made-up field."),
            insteadOf: "working_dir"),
        settings: TaskDefinition.settingFields, steering: Steering.fields)
    private static let inPlace = ManifestFields(
        replacing: TaskDefinition.replacingFields,
        settings: TaskDefinition.settingFields.with(
            Field(
                key, \.labels,
                .strings(example: ["a": "b"], names: [:], rule: "must not be empty", isName: { !$0.isEmpty }),
                "A made-up field."), insteadOf: "labels"),
        steering: Steering.fields)
    private static let steering = ManifestFields(
        replacing: TaskDefinition.replacingFields, settings: TaskDefinition.settingFields,
        steering: Steering.fields.with(
            Field(key, \.prune, .boolean, "A made-up field."), insteadOf: "prune"))

    private func snapshot(_ value: String, _ fields: ManifestFields, at now: Timestamp) throws -> ManifestSnapshot {
        let bytes = Array(#"{"name": "web", "command": ["run"], "made_up": \#(value)}"#.utf8)
        let file = ManifestDecoder.decode(bytes, file: "web.json", fields: fields)
        #expect(file.diagnostics == [])
        let workloads = file.workloads
        #expect(workloads.count == 1)
        let isKnown = ManifestDecoder.decode(bytes, file: "web.json").diagnostics.isEmpty
        #expect(!isKnown, "only the tables of this test have the field")
        return ManifestSnapshot(
            began: now, ended: now, isComplete: true, root: RootIdentity.directory(device: 1, inode: 1),
            files: ["web.json": .readable(workloads, digest: .sha256(of: bytes))],
            source: SourceRevision(path: "manifests"))
    }

    private func workload(_ snapshot: ManifestSnapshot) throws -> Workload {
        guard case .readable(let workloads, _)? = snapshot.files["web.json"] else { return try #require(nil) }
        return try #require(workloads.first)
    }

    /// A world in which the first manifest runs, a plan was saved, and the second manifest was read then.
    private struct Change {
        var world: PlanningWorld
        var old: Workload
        var new: Workload
        var review: Review
        /// What the saved plan says to the second manifest.
        var departures: [String]
        var document: PlanDocument

        var entry: PlanEntry? { world.planner.entry(web) }
    }

    private func change(_ fields: ManifestFields, from old: String, to new: String) throws -> Change {
        var world = PlanningWorld(fields: fields)
        let before = try snapshot(old, fields, at: world.now)
        world.planner.update(before)
        world.settle()
        #expect(world.errors.isEmpty)
        #expect(world.live().count == 1)
        let saved = world.planner.document(world.planner.pass(now: world.now), at: world.now)
        #expect(saved.converged)
        let after = try snapshot(new, fields, at: world.now)
        world.planner.update(after)
        let plan = world.planner.pass(now: world.now)
        return Change(
            world: world, old: try workload(before), new: try workload(after),
            review: Review(base: before, revision: after), departures: world.planner.departures(from: saved),
            document: world.planner.document(plan, at: world.now))
    }

    private func wire<Value: Codable>(_ value: Value) throws -> Value {
        try JSONDecoder().decode(Value.self, from: JSONEncoder().encode(value))
    }

    @Test func `a made-up replacing field replaces the task`() throws {
        var change = try change(Self.replacing, from: #""/old""#, to: #""/new""#)
        // Decoded and digested.
        #expect(change.new.definition.workingDirectory == "/new")
        #expect(change.new.specDigest != change.old.specDigest)
        #expect(change.new.settingsDigest == change.old.settingsDigest)
        #expect(change.departures == ["web: its manifest changed"])
        // Diffed.
        let difference = Difference(field: Self.key, desired: "/new", observed: "/old", replaces: true)
        #expect(change.entry?.report.drift?.differences == [difference])
        #expect(change.world.planner.diffs(nil).map(\.differences) == [[difference]])
        #expect(change.document.workloads.map(\.differences) == [[difference]])
        #expect(change.document.workloads.first?.actions.map(\.verb) == [.schedule, .stop])
        #expect(change.review.changes.map(\.effect) == [.replace])
        #expect(change.review.changes.map { $0.fields.map(\.field) } == [[Self.key]])
        // Sent.
        let operations = try #require(change.entry).steps.map(\.action.operation)
        guard case .schedule(let proposal, _)? = try operations.first.map(wire) else {
            Issue.record("no task is started")
            return
        }
        #expect(proposal.definition.workingDirectory == "/new")
        #expect(proposal.specDigest == change.new.specDigest)
        // Applied and reported.
        let former = change.world.live().map(\.id)
        change.world.settle()
        #expect(change.world.errors.isEmpty)
        #expect(change.world.live().map(\.definition.workingDirectory) == ["/new"])
        #expect(change.world.live().map(\.id) != former)
        #expect(change.entry?.report.status.sync == .synced)
    }

    @Test func `a made-up setting changes in place`() throws {
        var change = try change(Self.inPlace, from: #"{"a": "old"}"#, to: #"{"a": "new"}"#)
        // Decoded and digested.
        #expect(change.new.definition.labels == ["a": "new"])
        #expect(change.new.settingsDigest != change.old.settingsDigest)
        #expect(change.new.specDigest == change.old.specDigest)
        #expect(change.departures == ["web: its manifest changed"])
        // Diffed.
        let difference = Difference(field: "\(Self.key).a", desired: "new", observed: "old", replaces: false)
        #expect(change.entry?.report.drift?.differences == [difference])
        #expect(change.world.planner.diffs(nil).map(\.differences) == [[difference]])
        #expect(change.document.workloads.map(\.differences) == [[difference]])
        #expect(change.document.workloads.first?.actions.map(\.verb) == [.update])
        #expect(change.review.changes.map(\.effect) == [.update])
        // Sent: to the manager, and from there to the worker, which was given the old settings.
        let task = try #require(change.world.live().first)
        var placement = SupervisedPlacement(
            TaskAssignment(
                cluster: change.world.cluster.cluster, term: 1, id: task.id, owner: task.owner, ordinal: 0, attempt: 0,
                placement: 1, settingsDigest: task.settingsDigest, definition: task.definition), boot: "b")
        change.world.step()
        guard case .update(task.id, let settings)? = change.world.cluster.call(for: task.id, on: PlanningWorld.node)
        else {
            Issue.record("the worker is told nothing")
            return
        }
        // Applied and reported.
        placement.settingsChanged(try wire(settings), fields: Self.inPlace)
        #expect(placement.assignment.definition == change.new.definition)
        #expect(placement.report(notEnforced: []).settingsDigest == change.new.settingsDigest)
        change.world.settle()
        #expect(change.world.errors.isEmpty)
        #expect(change.world.live().map(\.id) == [task.id])
        #expect(change.world.live().map(\.definition.labels) == [["a": "new"]])
        #expect(change.entry?.report.status.sync == .synced)
    }

    @Test func `a made-up steering field steers, and no task is touched`() throws {
        var change = try change(Self.steering, from: "true", to: "false")
        // Decoded and digested: it is in no digest of a task, and a saved plan notices it.
        #expect(!change.new.steering.prune)
        #expect(change.new.specDigest == change.old.specDigest)
        #expect(change.new.settingsDigest == change.old.settingsDigest)
        #expect(change.departures == ["web: its manifest changed"])
        // Diffed: between manifests, as no task has it.
        #expect(change.entry?.report.drift == nil)
        #expect(change.entry?.steps == [])
        let review = try #require(change.review.changes.first)
        #expect(review.effect == .steer)
        #expect(review.fields == [Review.Field(field: Self.key, from: "true", to: "false", replaces: false)])
        // Applied and reported: the task outlives its manifest.
        change.world.write("other.json", Workload("other"))
        change.world.readTwice()
        change.world.settle()
        #expect(change.world.live("web").count == 1)
        #expect(change.entry?.report.drift?.heldBy == ["prune_disabled"])
    }
}

extension FieldTable {
    /// The table with another field in the place of one of its own.
    fileprivate func with(_ field: Field<Root>, insteadOf key: String) -> FieldTable {
        FieldTable(fields.map { $0.key == key ? field : $0 }, standard: standard)
    }
}
