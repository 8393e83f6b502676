import CubeTesting
import CubeTypes
import Testing

@testable import CubeCore

struct TagVersionTests {
    /// The examples of rule 11 of the specification, and shorter forms.
    private static let ascending = [
        "0.9.9", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11",
        "1.0.0-rc.1", "1.0.0", "v1.0.1", "1.2", "2", "2.1.0", "2.1.1", "10.0.0",
    ]

    @Test func `Versions have the precedence of the specification`() throws {
        let versions = try Self.ascending.map { try #require(TagVersion($0)) }
        for (index, version) in versions.enumerated() {
            for (other, later) in versions.enumerated() {
                #expect(version.precedes(later) == (index < other), "\(Self.ascending[index]) \(Self.ascending[other])")
            }
        }
        #expect(try !#require(TagVersion("1.0.0+b")).precedes(#require(TagVersion("1.0.0+a"))))
    }

    @Test(arguments: [
        "", "latest", "v", "1.2.3.4", "01.2.3", "1.02", "1..2", "1.2.3-", "1.2.3-a..b", "1.2.3-01", "1.2.x", "-1",
        "1.2.3-ä", "99999999999999999999",
    ])
    func `A tag that is no version is none`(tag: String) { #expect(TagVersion(tag) == nil) }
}

struct ImageUpdateTests {
    private func choice(
        _ update: ImageUpdate, _ current: String, _ tags: String...
    ) -> ImageUpdate.Choice {
        let choice = update.choose(among: tags, current: current)
        var random = SeededGenerator()
        #expect(update.choose(among: tags.shuffled(using: &random), current: current) == choice, "seed \(random.seed)")
        return choice
    }

    @Test func `Without a filter, the highest version of the same form is the newest`() {
        let tags = ["1.27.4", "1.28.0-rc1", "v1.29.0", "1.30", "1.27.10", "1.28.1-alpine", "latest"]
        let update = ImageUpdate(policy: .semver)
        #expect(update.choose(among: tags, current: "1.27.4") == .newer(tag: "1.27.10"))
        #expect(update.choose(among: tags, current: "1.27.10") == .current)
        #expect(update.choose(among: tags, current: "1.27.0-alpine") == .newer(tag: "1.28.1-alpine"))
        #expect(update.choose(among: tags, current: "1.29") == .newer(tag: "1.30"))
        #expect(choice(update, "latest", "1.0.0") == .undecidable("the tag latest is not a version, such as 1.27.4"))
        #expect(choice(update, "1.0.0") == .current)
    }

    @Test func `A filter selects the tags, also of other forms, and equal versions have one winner`() {
        let update = ImageUpdate(policy: .semver, filter: "^v?1\\.27")
        #expect(choice(update, "1.27.1", "1.28.0", "v1.27.2", "1.27.3-rc1", "1.27") == .newer(tag: "1.27.3-rc1"))
        #expect(choice(update, "1.27.1", "v1.27.2", "1.27.2") == .newer(tag: "1.27.2"))
        #expect(choice(update, "v1.27.1", "v1.27.2", "1.27.2") == .newer(tag: "v1.27.2"))
    }

    @Test func `Alphabetical is the order of bytes`() {
        let update = ImageUpdate(policy: .alphabetical, filter: "^20")
        #expect(choice(update, "2026-01-02", "2026-01-10", "2026-01-09", "latest") == .newer(tag: "2026-01-10"))
        #expect(choice(update, "2026-01-10", "2026-01-10", "2026-01-09") == .current)
    }

    @Test(arguments: [
        "nginx", "nginx:1.27", "localhost:5000/a/b:2", "ghcr.io/x@sha256:ab", "ghcr.io/x:1@sha256:ab",
        "localhost:5000/a",
    ])
    func `A reference is written as it was read`(text: String) { #expect(WrittenImage(text).description == text) }

    @Test func `An update replaces tag and digest of a reference`() {
        #expect(WrittenImage("a.b/c:1@sha256:ab").with(tag: "2", digest: nil).description == "a.b/c:2")
        #expect(WrittenImage("c:1@sha256:ab").with(tag: "2", digest: "sha256:cd").description == "c:2@sha256:cd")
        #expect(WrittenImage("c").tagged.canonical == "docker.io/library/c:latest")
        #expect(WrittenImage("c:1@sha256:ab").tagged.canonical == "docker.io/library/c:1")
    }
}

struct ImageEditTests {
    private func name(_ text: String) -> WorkloadName { WorkloadName(rawValue: text)! }

    @Test func `Only the reference of the workload changes`() throws {
        let file = """
            [ {"name":"db" ,  "image": "shop:1", "env": {"image": "shop:1"}},
              {"image"  :"shop:1","name":"web", "labels": {"é": "shop:1"} } ]

            """
        let edits = [
            ImageEdit(workload: name("web"), old: "shop:1", new: "shop:2"),
            ImageEdit(workload: name("db"), old: "shop:1", new: "shop:1.0.22"),
        ]
        let result = String(decoding: try ImageEdit.apply(edits, to: Array(file.utf8)), as: UTF8.self)
        #expect(
            result == """
                [ {"name":"db" ,  "image": "shop:1.0.22", "env": {"image": "shop:1"}},
                  {"image"  :"shop:2","name":"web", "labels": {"é": "shop:1"} } ]

                """)
        let single = #"{"name": "web", "image": "sh\u006fp:1"}"#
        #expect(
            String(decoding: try ImageEdit.apply([edits[0]], to: Array(single.utf8)), as: UTF8.self)
                == #"{"name": "web", "image": "shop:2"}"#)
    }

    @Test(arguments: [
        "{", "[]", #"{"name": "web"}"#, #"{"name": "web", "image": "shop:3"}"#, #"{"name": "db", "image": "shop:1"}"#,
    ])
    func `A file that was changed meanwhile is left alone`(file: String) {
        let edit = ImageEdit(workload: name("web"), old: "shop:1", new: "shop:2")
        #expect(throws: (any Error).self) { try ImageEdit.apply([edit], to: Array(file.utf8)) }
    }
}

struct RegistryHeaderTests {
    @Test func `A challenge has its parameters, whatever their order and characters`() {
        #expect(
            RegistryChallenge(
                #"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push""#
            )
                == .bearer(
                    realm: "https://auth.docker.io/token", service: "registry.docker.io",
                    scope: "repository:a/b:pull,push"))
        #expect(RegistryChallenge("bearer service=x, realm=\"r\"") == .bearer(realm: "r", service: "x", scope: nil))
        #expect(RegistryChallenge("Basic realm=\"x\"") == .basic)
        #expect(RegistryChallenge("Bearer service=\"x\"") == nil && RegistryChallenge("Negotiate") == nil)
        #expect(
            RegistryChallenge("") == nil
                && RegistryChallenge("Bearer realm=\"open") == .bearer(realm: "open", service: nil, scope: nil))
    }

    @Test func `The next page of a list is that of the link`() {
        #expect(RegistryLink.next(#"</v2/a/tags/list?last=b&n=2>; rel="next""#) == "/v2/a/tags/list?last=b&n=2")
        #expect(RegistryLink.next(#"</x>; rel="prev", </y>; rel="next""#) == "/y")
        #expect(RegistryLink.next("") == nil && RegistryLink.next("</x>; rel=\"last\"") == nil)
    }
}
