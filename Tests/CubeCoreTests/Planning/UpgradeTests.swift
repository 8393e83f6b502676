import CubeJSON
import CubeTypes
import FoundationEssentials
import Testing

@testable import CubeCore

/// A newer version takes over the tasks of an older version, and restarts none.
struct UpgradeTests {
    /// A task exactly as the first version returned it. Its digests, ids and fields stay valid for ever.
    private static let list = #"""
        {"cluster": "5f0f3b0e-6a0e-4d6c-9a55-0d3e1b7c2a11", "term": 1, "revision": 12, "owner": null, "cursor": null,
         "slots": [{"name": "hello", "ordinal": 0, "next": 1, "last": null, "ended_revision": 0, "rejected": [],
                    "completed": []}],
         "tasks": [{"id": "1d5656f9-bf01-54e0-acfb-04f7cdbe79fd", "owner": "default", "name": "hello", "ordinal": 0, "attempt": 0, "state": "running",
                    "ready": true, "desired": "run", "reason": null, "message": null,
                    "spec_digest": "sha256:015424cd3731a2681089997e9e41f64425abe6a76231b1afc708e4ccb63ef998",
                    "settings_digest": "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
                    "source": "hello.json", "node": "w1", "placement": 1, "run": 1, "restarts": 0, "not_before": null,
                    "exit": null, "node_unknown": false, "not_enforced": [], "created_at": "2026-01-01T00:00:00Z",
                    "started_at": "2026-01-01T00:00:00Z", "ended_at": null, "created_revision": 5, "revision": 9,
                    "definition": {"name": "hello", "kind": "service", "command": ["sh", "-c", "echo é\n\u0001/"],
                                   "env": {}, "labels": {}}}]}
        """#
    private static let manifest = ##"{"name": "hello", "command": ["sh", "-c", "echo é\n\u0001\/"]}"##

    @Test func `tasks of an older version match their manifests, and nothing is done`() throws {
        let list = try JSONDecoder().decode(TaskList.self, from: Data(Self.list.utf8))
        let task = try #require(list.tasks.first)
        let derived = TaskID.derive(
            cluster: list.cluster, owner: .default, name: task.name, ordinal: 0, attempt: 0, digest: task.specDigest)
        #expect(task.id == derived, "an id is derived as it was")
        let bytes = Array(Self.manifest.utf8)
        let decoded = ManifestDecoder.decode(bytes, file: "hello.json")
        var planner = Planner(owner: .default)
        planner.update(ObservedState(list, of: .default))
        planner.update(
            ManifestSnapshot(
                began: PlanningWorld.start, ended: PlanningWorld.start, isComplete: true,
                root: RootIdentity.directory(device: 1, inode: 1),
                files: ["hello.json": .readable(decoded.workloads, digest: .sha256(of: bytes))],
                source: SourceRevision(path: "manifests")))
        // Long afterwards, all deadlines have passed.
        let plan = planner.pass(now: PlanningWorld.start + .seconds(60))
        let later = planner.pass(now: PlanningWorld.start + .seconds(120))
        #expect(plan.actions.isEmpty && later.actions.isEmpty)
        #expect(later.summary.sync == .synced)
    }

    @Test func `a field that a later version adds changes no digest unless it is set`() {
        let definition = TaskDefinition(name: WorkloadName(rawValue: "web")!, command: ["web"], env: ["A": "b"])
        let standard = TaskDefinition(name: definition.name)
        // The field table of that version, with one more field at each end of the alphabet.
        let added: [Field<TaskDefinition.Fields>] = [
            Field("aardvark", \.resources.disk, FieldType.size, "No meaning."),
            Field("zebra", \.workingDirectory, FieldType<String>.absolutePath.optional, "No meaning."),
        ]
        let later = FieldTable(
            added + TaskDefinition.replacingFields.fields, standard: TaskDefinition.replacingFields.standard)
        let digest = Digest.sha256(
            of: CanonicalJSON.object(later.canonical(definition.fields, without: standard.fields)).bytes)
        #expect(digest == definition.specDigest)
    }
}
