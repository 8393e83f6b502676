import CubeCore
import CubeJSON
import CubeText
import CubeTypes
import Testing

/// Reviews of changes of manifests, as texts.
struct ReviewTests {
    private func snapshot(_ files: [String: String]) -> ManifestSnapshot {
        ManifestSnapshot(
            began: PlanningWorld.start, ended: PlanningWorld.start, isComplete: true, isImmutable: true,
            root: RootIdentity.directory(device: 1, inode: 1),
            files: Dictionary(
                uniqueKeysWithValues: files.map { file, text in
                    let bytes = Array(text.utf8)
                    let decoded = ManifestDecoder.decode(bytes, file: file)
                    return (
                        BytePath(naming: file),
                        decoded.diagnostics.isEmpty
                            ? .readable(decoded.workloads, digest: .sha256(of: bytes))
                            : .unreadable(decoded.diagnostics)
                    )
                }), source: SourceRevision(path: "manifests"))
    }

    private func review(_ base: [String: String], _ revision: [String: String]) -> Review {
        Review(base: snapshot(base), revision: snapshot(revision))
    }

    private func text(_ review: Review) -> ReviewText {
        ReviewText(review, base: "a1b2c3d4", revision: "e5f6a7b8", directory: "manifests")
    }

    private static let base = [
        "web.json": """
        {"name": "web", "image": "shop:1.4", "replicas": 2, "env": {"LOG": "a|b", "KEY": "hush", "OLD": "x"}}
        """,
        "api.json": #"{"name": "api", "command": ["api", "--port", "80"]}"#,
        "labels.json": #"{"name": "labels", "command": ["sleep"], "labels": {"team": "shop"}}"#,
        "scale.json": #"{"name": "scale", "command": ["sleep"], "replicas": 2}"#,
        "old.json": #"{"name": "old", "command": ["sleep"], "replicas": 3}"#,
        "precious.json": #"{"name": "precious", "command": ["sleep"], "prune": false}"#,
        "moving.json": #"{"name": "moving", "command": ["sleep"]}"#,
        "broken.json": #"{"name": "broken", "command": ["sleep"]}"#,
        "same.json": #"{"name": "same", "command": ["sleep"]}"#,
        "frozen.json": #"{"name": "frozen", "command": ["sleep"], "suspend": true}"#,
        "repaired.json": #"{"name": "repaired"#,
        "still.json": "{",
    ]

    private static let revision = [
        "web.json": """
        {"name": "web", "image": "shop:1.5", "replicas": 3, "env": {"LOG": "a|c", "KEY": "still hush", "NEW": "y"}}
        """,
        "api.json": """
        {"name": "api", "command": ["api", "--port", "80"], "restart": {"max": 3}}
        """,
        "labels.json": #"{"name": "labels", "command": ["sleep"], "labels": {"team": "<b>`ops`*|"}}"#,
        "scale.json": #"{"name": "scale", "command": ["sleep"], "replicas": 1, "update": {"max_unavailable": 2}}"#,
        "team/moving.json": #"{"name": "moving", "command": ["sleep"]}"#,
        "broken.json": "{\n  \"name\": \"broken\",\n  \"comand\": [\"sleep\"]\n}",
        "same.json": #"{"name": "same", "command": ["sleep"], "replicas": 1}"#,
        "frozen.json": #"{"name": "frozen", "command": ["sleep", "2"], "suspend": true}"#,
        "repaired.json": #"{"name": "repaired", "command": ["sleep"]}"#,
        "still.json": "{",
        "new.json": #"{"name": "new", "kind": "job", "command": ["work"], "cpu": 0.5, "env": {"TOKEN": "hush"}}"#,
        "twin.json": #"[{"name": "twin-a", "command": ["a"]}, {"name": "twin-b", "command": ["b"]}]"#,
    ]

    @Test func `a review as text lists added, changed, removed and kept workloads`() throws {
        let review = review(Self.base, Self.revision)
        #expect(!text(review).text.contains("hush"))
        try Golden.compare(text(review).text, with: "review-text")
    }

    @Test func `a review as Markdown shows values without interpreting them`() throws {
        let review = review(Self.base, Self.revision)
        #expect(!text(review).markdown.text.contains("hush"))
        try Golden.compare(text(review).markdown.text, with: "review-markdown")
    }

    @Test func `the same manifests in another notation are no change`() {
        let review = review(
            ["a.json": #"{"name": "a", "command": ["x"]}"#],
            ["a.json": "{\"command\": [\"x\"],\n \"name\": \"a\", \"replicas\": 1, \"env\": {}}"])
        #expect(review.changes.isEmpty && review.diagnostics.isEmpty)
        #expect(text(review).text == "No differences from a1b2c3d4 to e5f6a7b8.\n")
        #expect(text(review).markdown.text == "**No workload changes** from `a1b2c3d4` to `e5f6a7b8`.\n")
    }

    @Test func `the review of the reverse change is the opposite, whatever the file names`() {
        let (there, back) = (review(Self.base, Self.revision), review(Self.revision, Self.base))
        #expect(there.changes.filter { $0.kind == .added }.count == 4)
        #expect(Set(there.changes.filter { $0.kind == .changed }.map(\.name)).isSubset(of: back.changes.map(\.name)))
        for change in there.changes where change.kind == .changed {
            let other = back.changes.first { $0.name == change.name }
            let shown = { (fields: [Review.Field]?) in fields?.filter { !$0.field.hasPrefix("env.") } }
            #expect(shown(other?.fields)?.map(\.to) == shown(change.fields)?.map(\.from))
            #expect(other?.fields.map(\.replaces) == change.fields.map(\.replaces))
        }
    }
}
