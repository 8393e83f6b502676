import ArgumentParser
import CubeCore
import CubeTypes
import Foundation
import Glibc
import SystemPackage
import Testing

@testable import cube

/// `cube image` with a real registry and a real git, which `.ci/with-engines` started.
@Suite(
    // One at a time, because each waits for programs and so keeps a thread.
    .serialized, .timeLimit(.minutes(2)),
    .enabled(
        if: getenv("CUBE_TEST_REGISTRY") != nil && getenv("CUBE_TEST_DOCKER") != nil,
        "needs docker-registry and Docker: run .ci/with-engines"))
struct ImageCommandTests {
    private let registry = getenv("CUBE_TEST_REGISTRY").map { String(cString: $0) } ?? ""

    /// A repository with a directory of manifests, which is deleted after the test.
    private final class Place {
        let path = FilePath(FileManager.default.temporaryDirectory.appending(path: "cube-image-\(UUID())").path)
        var manifests: FilePath { path.appending("manifests") }

        init(_ files: [String: String]) throws {
            try FileManager.default.createDirectory(atPath: manifests.string, withIntermediateDirectories: true)
            for (name, text) in files { try write(name, text) }
            try git("init -q")
            try git("config user.name tester")
            try git("config user.email tester@cube.example")
            try git("add .")
            try git("commit -q -m first")
        }

        deinit { try? FileManager.default.removeItem(atPath: path.string) }  // A leftover does no harm.

        func write(_ name: String, _ text: String) throws {
            try Data(text.utf8).write(to: URL(filePath: manifests.appending(name).string))
        }

        func text(_ name: String) throws -> String {
            try String(contentsOfFile: manifests.appending(name).string, encoding: .utf8)
        }

        func git(_ arguments: String) throws { #expect(system("timeout 60 git -C '\(path)' \(arguments)") == 0) }

        func gitOutput(_ arguments: String) throws -> String {
            let file = path.appending(".git/output").string
            #expect(system("timeout 60 git -C '\(path)' \(arguments) >'\(file)'") == 0)
            return try String(contentsOfFile: file, encoding: .utf8)
        }
    }

    /// Pushes the image of the tests under tags of a new repository.
    private func push(_ tags: String...) async throws -> String {
        let name = "\(registry)/\(UUID().uuidString.lowercased())"
        let docker = "timeout 60 docker -H 'unix://\(String(cString: getenv("CUBE_TEST_DOCKER")))'"
        for tag in tags {
            let image = "\(name):\(tag)"
            #expect(
                await shell(
                    "\(docker) tag cube-test:1 \(image) && \(docker) push -q \(image) >/dev/null && \(docker) rmi \(image) >/dev/null"
                )
                    == 0)
        }
        return name
    }

    private func update(_ place: Place, _ arguments: String...) async throws {
        try await ImageCommand.Update.parse(arguments + ["--manifests", place.manifests.string, "-o", "json"]).run()
    }

    @Test func `An update changes only the reference in the file, and commits only this file`() async throws {
        let name = try await push("1.27.4", "1.27.10", "1.28.0-rc1", "latest")
        func file(_ tag: String) -> String {
            "{ \"name\":\"web\",\n\t\"image\" : \"\(name):\(tag)\", \"image_update\": {\"policy\": \"semver\"}}\r\n"
        }
        let place = try Place(["web.json": file("1.27.4"), "db.json": #"{"name": "db", "image": "db:1"}"#])
        #expect(chmod(place.manifests.appending("web.json").string, 0o664) == 0)
        try place.write("db.json", #"{"name": "db", "image": "db:2"}"#)
        try place.git("add manifests/db.json")
        try await update(place, "web", "--commit")
        #expect(try place.text("web.json") == file("1.27.10"))
        let attributes = try FileManager.default.attributesOfItem(atPath: place.manifests.appending("web.json").string)
        #expect(attributes[.posixPermissions] as? Int == 0o664)
        #expect(
            try place.gitOutput("log -1 --format=%an:%s --name-only")
                == "tester:Update image of web to \(name):1.27.10\n\nmanifests/web.json\n")
        // Another time, nothing is newer.
        try await update(place, "--commit")
        #expect(try place.gitOutput("rev-list --count HEAD") == "2\n")
    }

    @Test func `A pinned image stays pinned, and the policy digest pins one that was not`() async throws {
        let name = try await push("1.0.0", "1.1.0")
        let pin = "sha256:" + String(repeating: "0", count: 64)
        let place = try Place([
            "all.json": """
            [{"name": "a", "image": "\(name):1.0.0@\(pin)",
              "image_update": {"policy": "semver"}},
             {"name": "b", "image": "\(name):1.0.0", "image_update": {"policy": "digest"}}]
            """
        ])
        try await update(place)
        let images = try place.text("all.json").split(separator: "\"").filter { $0.hasPrefix(registry) }
        #expect(images.count == 2)
        for (image, tag) in zip(images, ["1.1.0", "1.0.0"]) {
            let digest = try #require(Digest(rawValue: String(image.dropFirst("\(name):\(tag)@".count))), "\(image)")
            #expect(image == "\(name):\(tag)@\(digest)" && digest.rawValue != pin)
        }
        let before = try place.text("all.json")
        try await update(place)
        #expect(try place.text("all.json") == before)
    }

    @Test func `A file with other changes is not committed, and stays as it is`() async throws {
        let name = try await push("1.0.0", "1.1.0")
        let place = try Place(["web.json": #"{"name": "web", "image": "old:1"}"#])
        let text = #"{"name": "web", "image": "\#(name):1.0.0", "image_update": {"policy": "semver"}}"#
        try place.write("web.json", text)
        await #expect(throws: (any Error).self) { try await update(place, "--commit") }
        #expect(try place.text("web.json") == text)
    }

    @Test func `An image that cannot be checked fails the command, and the others are updated`() async throws {
        let name = try await push("1.0.0", "1.1.0")
        let place = try Place([
            "a.json": #"{"name": "a", "image": "127.0.0.1:1/x:1.0.0", "image_update": {"policy": "semver"}}"#,
            "b.json": #"{"name": "b", "image": "\#(name):1.0.0", "image_update": {"policy": "semver"}}"#,
        ])
        await #expect(throws: ExitCode(1)) { try await update(place) }
        #expect(try place.text("b.json").contains("\(name):1.1.0"))
    }
}

/// Runs a shell command on a thread of its own, and returns its exit status.
///
/// The few threads of Swift's tasks must stay free meanwhile. They read what the engine sends to other tests, and an engine that
/// cannot send the progress of a pull lets a push of the same layers wait, which would last forever.
private func shell(_ command: String) async -> Int32 {
    await withCheckedContinuation { continuation in
        Thread.detachNewThread { continuation.resume(returning: system(command)) }
    }
}
