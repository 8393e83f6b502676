import CubeErrors
import CubeTypes
import Foundation
import Glibc
import SystemPackage
import Testing

@testable import CubeWorker

/// The formats of engines and registries, without an engine.
struct EngineFormatTests {
    @Test func `Frames are found wherever the stream is cut`() {
        let stream: [UInt8] =
            [1, 0, 0, 0, 0, 0, 0, 2, 65, 66, 2, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 1, 1, 67]
            + Array(repeating: 1, count: 257)
        let whole = [[65, 66], [], [67] + Array(repeating: UInt8(1), count: 256)]
        for size in 1...stream.count {
            var splitter = FrameSplitter()
            var found: [[UInt8]] = []
            for start in stride(from: 0, to: stream.count, by: size) {
                found += splitter.take(stream[start..<min(start + size, stream.count)]).map { Array($0) }
            }
            #expect(found == whole, "pieces of \(size) bytes")
        }
    }

    @Test func `Lines are found wherever the stream is cut`() {
        var splitter = MessageSplitter()
        #expect(splitter.take("a\nb".utf8) == [Array("a".utf8)])
        #expect(splitter.take("c\n\nd".utf8) == [Array("bc".utf8), []])
    }

    @Test(arguments: [
        ("2026-11-28T14:24:21.057230440Z", 57_230_440), ("2026-11-28T14:24:21.05Z", 50_000_000),
        ("2026-11-28T14:24:21Z", 0), ("2026-11-28T15:24:21.057230440+01:00", 57_230_440),
    ])
    func `A time of an engine keeps its nanoseconds`(text: String, nanoseconds: Int64) {
        let time = EngineTime(text)
        #expect(time?.nanoseconds == 1_795_875_861_000_000_000 + nanoseconds)
        #expect(time?.parameter == "1795875861.\(String(1_000_000_000 + nanoseconds).dropFirst())")
    }

    @Test func `A text that is no time is refused`() {
        for text in ["", "now", "2026-11-28", "2026-11-28T14:24:21.x"] { #expect(EngineTime(text) == nil) }
    }

    @Test(arguments: [
        ("nginx", "nginx", "latest", "docker.io"), ("nginx:1.27", "nginx", "1.27", "docker.io"),
        ("me/app:1", "me/app", "1", "docker.io"), ("ghcr.io/me/app", "ghcr.io/me/app", "latest", "ghcr.io"),
        ("localhost:5000/app", "localhost:5000/app", "latest", "localhost:5000"),
        ("localhost:5000/app:2", "localhost:5000/app", "2", "localhost:5000"),
        ("ghcr.io/app:1@sha256:ab", "ghcr.io/app", "sha256:ab", "ghcr.io"),
    ])
    func `An image reference has the parts that Docker sees in it`(
        text: String, name: String, version: String, registry: String
    ) {
        let reference = ImageReference(text)
        #expect(reference.name == name && reference.version == version && reference.registry == registry)
    }

    @Test func `Credentials are found by registry, and Docker Hub under its old name`() throws {
        try WorkerWorld.withFile(
            #"{"auths": {"ghcr.io": {"auth": "bWU6c2VjOnJldA=="}, "https://index.docker.io/v1/": {"identitytoken": "t"}}}"#
        ) { path in
            let credentials = try RegistryCredentials.load(path)
            #expect(credentials.authorization(for: "quay.io") == nil)
            let own = try #require(try credentials.authorization(for: "ghcr.io").flatMap(decoded))
            #expect(own == ["username": "me", "password": "sec:ret", "serveraddress": "ghcr.io"])
            let hub = try #require(try credentials.authorization(for: "docker.io").flatMap(decoded))
            #expect(hub["identitytoken"] == "t")
        }
    }

    private func decoded(_ text: String) throws -> [String: String]? {
        let plain = text.replacing("-", with: "+").replacing("_", with: "/")
        return try Data(base64Encoded: plain).map { try JSONDecoder().decode([String: String].self, from: $0) }
    }

    @Test func `A configuration file that is not valid is an error, and a missing one means no credentials`() throws {
        #expect(try RegistryCredentials.load("/nonexistent/config.json").authorization(for: "ghcr.io") == nil)
        try WorkerWorld.withFile("{") { path in
            #expect(throws: APIError.self) { try RegistryCredentials.load(path) }
        }
    }

    @Test func `Output that the worker writes is read like that of a supervisor, with its times`() async throws {
        try await WorkerWorld.with { world in
            let log = TaskLog(directory: world.directory.appending("log").string)
            try LocalFiles.makeDirectory(world.directory.string)
            for text in ["one\n", "two\n"] {
                var writer = try TaskLogWriter.open(log, limit: 1000)
                try writer.write(Array(text.utf8), at: 1000)
            }
            #expect(try log.last(lines: 9, bytes: 99) == "one\ntwo\n")
            var times = LogTimes(directory: log.directory, number: 1)
            times.refresh()
            #expect(times.time(at: 5) == 1000)
        }
    }

    @Test func `A full file is followed by the next one, and three files are kept`() async throws {
        try await WorkerWorld.with { world in
            try LocalFiles.makeDirectory(world.directory.string)
            let log = TaskLog(directory: world.directory.appending("log").string)
            var writer = try TaskLogWriter.open(log, limit: 100)
            for number in 1...50 { try writer.write(Array("line \(number) with some text\n".utf8), at: Int64(number)) }
            #expect(try log.numbers().count == TaskLog.files)
            #expect(try log.last(lines: 1, bytes: 99) == "line 50 with some text\n")
        }
    }
}

extension WorkerWorld {
    /// Writes a file for the duration of a body.
    static func withFile(_ text: String, _ body: (_ path: String) throws -> Void) throws {
        let name = "cube-file-\(UUID().uuidString)"
        try LocalFiles.write(Array(text.utf8), to: name, in: "/tmp", durably: false)
        defer { unlink("/tmp/\(name)") }
        try body("/tmp/\(name)")
    }
}
