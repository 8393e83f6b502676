import CubeJSON
import CubeTypes
import Foundation
import Testing

@testable import CubeCore

/// Files that a manifest names.
@Suite struct AttachmentTests {
    private func decode(_ manifest: String, _ files: [String: String] = [:]) -> DecodedFile {
        ManifestDecoder.decode(Array(manifest.utf8), file: "web.json") { name in
            files[name].map { .content(Array($0.utf8)) } ?? .unreadable("does not exist")
        }
    }

    private static let manifest =
        #"{"name": "web", "command": ["a"], "files": [{"source": "web.conf", "target": "etc/web.conf"}], "env_from": ["web.env"]}"#
    private static let files = ["web.conf": "port 80", "web.env": "A=1"]

    @Test func `the digest of a definition includes the content of its files but not their names`() throws {
        let workload = try #require(decode(Self.manifest, Self.files).workloads.first)
        #expect(workload.definition.files.first?.source.content == Array("port 80".utf8))
        #expect(workload.definition.files.first?.mode == 0o444)
        #expect(workload.definition.envFrom.first?.content == Array("A=1".utf8))

        func digest(_ manifest: String, _ files: [String: String]) -> Digest? {
            decode(manifest, files).workloads.first?.specDigest
        }
        let same = workload.specDigest
        #expect(digest(Self.manifest, ["web.conf": "port 81", "web.env": "A=1"]) != same)
        #expect(digest(Self.manifest, ["web.conf": "port 80", "web.env": "A=2"]) != same)
        let moved = Self.manifest.replacing("\"web.conf\"", with: "\"other/web.conf\"")
        #expect(digest(moved, ["other/web.conf": "port 80", "web.env": "A=1"]) == same)
        #expect(digest(Self.manifest.replacing("etc/web", with: "web"), Self.files) != same)

        // The digest is the same after encoding, and without the content.
        let data = try JSONEncoder().encode(workload.definition)
        #expect(try JSONDecoder().decode(TaskDefinition.self, from: data) == workload.definition)
        let shown = workload.definition.withoutContents
        #expect(shown.specDigest == same)
        #expect(!String(decoding: try JSONEncoder().encode(shown), as: UTF8.self).contains("content"))
    }

    @Test func `the digest includes the name of a secret, and the secret is not read`() throws {
        let manifest = Self.manifest.replacing("\"web.conf\"", with: "\"secret:web.conf\"")
            .replacing("\"web.env\"", with: "\"secret:web.env\"")
        let workload = try #require(decode(manifest).workloads.first)
        #expect(workload.definition.contentSources.compactMap(\.secret) == ["web.env", "web.conf"])
        #expect(workload.definition.contentSources.allSatisfy { $0.content == nil && $0.digest == nil })
        let other = manifest.replacing("secret:web.env", with: "secret:other")
        #expect(decode(other).workloads.first?.specDigest != workload.specDigest)
    }

    @Test func `an unreadable file is reported beside the errors of other fields`() {
        let manifest = Self.manifest.replacing("\"command\"", with: "\"replicas\": -1, \"command\"")
        let found = decode(manifest, ["web.env": "A=1"])
        #expect(
            found.diagnostics.map(\.summary) == [
                "replicas: -1 must be a whole number from 0 to 10000",
                "files[0].source: \"web.conf\" does not exist",
            ])
        // An element of a field that is wrong itself has no place in the definition.
        let wrong = decode(Self.manifest.replacing("[\"web.env\"]", with: "[1, \"web.env\"]"))
        #expect(wrong.diagnostics.map(\.reason) == [.typeMismatch])
    }

    @Test func `an unreadable or invalid file makes the manifest invalid, without showing the content of other files`()
    {
        let found = decode(Self.manifest, ["web.env": "A=1\nhunter2"])
        #expect(found.workloads.isEmpty)
        #expect(found.diagnostics.map(\.reason) == [.unreadable, .invalidValue])
        #expect(
            found.diagnostics.map(\.summary) == [
                "files[0].source: \"web.conf\" does not exist",
                "env_from[0]: web.env:2:1: the line must be NAME=VALUE",
            ])
        #expect(found.diagnostics[0].range.start.column == 56)
    }

    @Test func `the files of a workload may have 1 MiB in total`() {
        let size = TaskDefinition.maximumContent
        let large = ["web.conf": String(repeating: "x", count: size - 3), "web.env": "A=1"]
        #expect(decode(Self.manifest, large).diagnostics.isEmpty)
        let tooLarge = ["web.conf": String(repeating: "x", count: size - 2), "web.env": "A=1"]
        #expect(decode(Self.manifest, tooLarge).diagnostics.map(\.reason) == [.tooLarge])
    }

    @Test func `differences show names and digests of files, but no content`() throws {
        let workload = try #require(decode(Self.manifest, Self.files).workloads.first)
        let other = try #require(decode(Self.manifest, ["web.conf": "port 81", "web.env": "A=1"]).workloads.first)
        let differences = ManifestFields.standard.differences(from: other.definition, to: workload.definition)
        #expect(differences.map(\.field) == ["files"])
        #expect(differences.allSatisfy { "\($0)".contains("sha256:") && !"\($0)".contains("port") })
    }
}
