import CubeCore
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

    @Test(arguments: [
        // Control groups version 1.
        """
        {"cpu_stats": {"cpu_usage": {"total_usage": 1500000000}}, "pids_stats": {"current": 3},
         "memory_stats": {"usage": 5000, "limit": 8000, "stats": {"total_inactive_file": 1000, "inactive_file": 7}},
         "blkio_stats": {"io_service_bytes_recursive": [{"op": "Read", "value": 10}, {"op": "Write", "value": 20},
           {"op": "Read", "value": 1}, {"op": "Total", "value": 31}]},
         "networks": {"eth0": {"rx_bytes": 5, "tx_bytes": 6}, "eth1": {"rx_bytes": 50, "tx_bytes": 60}}}
        """,
        // Version 2.
        """
        {"cpu_stats": {"cpu_usage": {"total_usage": 1500000000}}, "pids_stats": {"current": 3},
         "memory_stats": {"usage": 5000, "limit": 8000, "stats": {"inactive_file": 1000}},
         "blkio_stats": {"io_service_bytes_recursive": [{"op": "read", "value": 11}, {"op": "write", "value": 20}]},
         "networks": {"eth0": {"rx_bytes": 55, "tx_bytes": 66}}}
        """,
    ])
    func `Statistics have one meaning on both versions of control groups`(text: String) throws {
        let usage = try EngineJSON.decode(EngineStatistics.self, from: Array(text.utf8)).usage(machineMemory: 9000)
        #expect(usage.processes == 3 && usage.cpuSeconds == 1.5)
        #expect(usage.memoryBytes == 4000 && usage.memoryLimitBytes == 8000)
        #expect(usage.disk == Transfer(incoming: 11, outgoing: 20))
        #expect(usage.network == Transfer(incoming: 55, outgoing: 66))
    }

    @Test func `Statistics that an engine does not have are not known, and the memory of the machine is no limit`()
        throws
    {
        let text = """
            {"memory_stats": {"usage": 5, "limit": 9000}, "blkio_stats": {"io_service_bytes_recursive": null}}
            """
        let usage = try EngineJSON.decode(EngineStatistics.self, from: Array(text.utf8)).usage(machineMemory: 9000)
        #expect(usage.disk == nil && usage.network == nil && usage.memoryLimitBytes == nil)
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
            #expect(credentials.login(for: "quay.io") == nil)
            let own = try #require(try credentials.login(for: "ghcr.io")?.header.flatMap(decoded))
            #expect(own == ["username": "me", "password": "sec:ret", "serveraddress": "ghcr.io"])
            let hub = try #require(try credentials.login(for: "docker.io")?.header.flatMap(decoded))
            #expect(hub["identitytoken"] == "t")
        }
    }

    @Test func `A secret with credentials is a pair, plain or in Base64, and nothing shows it`() {
        for text in ["me:sec:ret", " me:sec:ret\n", "bWU6c2VjOnJldA==\n"] {
            let login = RegistryCredentials.Login(secret: text)
            #expect(login?.username == "me" && login?.password == "sec:ret")
            #expect("\(String(describing: login)) \(String(reflecting: login))".contains("ret") == false)
        }
        for text in ["", "me", ":secret", "bWU=", "{}"] { #expect(RegistryCredentials.Login(secret: text) == nil) }
    }

    @Test func `A credential helper is named, because it is not supported, unless the file itself has credentials`()
        throws
    {
        try WorkerWorld.withFile(
            #"{"auths": {"ghcr.io": {}, "quay.io": {"auth": "bWU6c2VjOnJldA=="}}, "credHelpers": {"ghcr.io": "gh"}, "#
                + #""credsStore": "desktop"}"#
        ) { path in
            let credentials = try RegistryCredentials.load(path)
            #expect(credentials.login(for: "ghcr.io") == nil)
            #expect(credentials.unsupportedHelper(for: "ghcr.io")?.contains("helper \"gh\"") == true)
            #expect(credentials.unsupportedHelper(for: "docker.io")?.contains("helper \"desktop\"") == true)
            #expect(credentials.unsupportedHelper(for: "quay.io") == nil)
        }
    }

    private func decoded(_ text: String) throws -> [String: String]? {
        let plain = text.replacing("-", with: "+").replacing("_", with: "/")
        return try Data(base64Encoded: plain).map { try JSONDecoder().decode([String: String].self, from: $0) }
    }

    @Test func `A configuration file that is not valid is an error, and a missing one means no credentials`() throws {
        #expect(try RegistryCredentials.load("/nonexistent/config.json").login(for: "ghcr.io") == nil)
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
