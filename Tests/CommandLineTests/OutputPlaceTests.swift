import ArgumentParser
import CubeSystem
import Glibc
import SystemPackage
import Testing

@testable import cube

/// Tests that no command writes a file that would then be read as a manifest.
@Suite struct OutputPlaceTests {
    /// A directory with `manifests`, `out`, and `link`, which leads to the manifests.
    private let scratch: FilePath

    init() throws {
        var template = Array("/tmp/cube-output.XXXXXX".utf8CString)
        scratch = FilePath(String(cString: try #require(mkdtemp(&template)))).resolvingLinks
        for name in ["manifests", "out"] { try scratch.appending(name).makeDirectory() }
        #expect(symlink("manifests", scratch.appending("link").string) == 0)
    }

    private func options(data: String = "data") -> [String] {
        ["--manifests", scratch.appending("manifests").string, "--data-dir", scratch.appending(data).string]
    }

    /// The message of the failure of a command.
    private func refusal(_ run: () async throws -> Void) async -> String {
        do { try await run() } catch { return Failure(error).message }
        return "nothing was refused"
    }

    @Test(arguments: [
        ("manifests/plan.json", true), ("manifests/deep/down/plan.json", true), ("link/plan.json", true),
        ("link/deep/plan.json", true), ("manifests/.plan.json", false), ("manifests/.plans/plan.json", false),
        ("manifests/release.plan", false), ("out/plan.json", false), ("manifests-2/plan.json", false),
        ("plan.json", false),
    ])
    func `a file is refused if it would be read as a manifest`(file: String, isRefused: Bool) throws {
        let place = try PlaceOptions.parse(options())
        let path = FilePath(scratch.appending(file).string)
        guard isRefused else { return try place.requireNoManifest(path, "--out") }
        let failure = #expect(throws: Failure.self) { try place.requireNoManifest(path, "--out") }
        let reason = "is in the manifests directory \(scratch)/manifests, where it would be read as a manifest"
        #expect(failure?.message == "--out: \(path) \(reason)")
    }

    @Test(arguments: [
        ("data", false), ("manifests/.cube", false), ("manifests/.cube/data", false), ("manifests/data", true),
        ("manifests", true), ("link/data", true),
    ])
    func `a data directory is refused if its files would be read as manifests`(directory: String, isRefused: Bool)
        throws
    {
        let place = try PlaceOptions.parse(options(data: directory))
        guard isRefused else { return try place.requireDataApart() }
        let failure = #expect(throws: Failure.self) { try place.requireDataApart() }
        #expect(failure?.message.hasPrefix("the data directory \(scratch)/\(directory) is in") == true)
    }

    @Test func `plan, watch and backup refuse the file before they do anything`() async throws {
        let file = scratch.appending("manifests/result.json").string
        // Nothing listens here.
        let options = self.options() + ["--manager", "unix:\(scratch)/none"]
        let refusals = [
            await refusal { try await PlanCommand.parse(["--out", file] + options).run() },
            await refusal { try await WatchCommand.Endpoints.parse(["--once", "--out", file] + options).run() },
            await refusal { try await BackupCommand.parse([file] + options).run() },
        ]
        for message in refusals { #expect(message.contains("would be read as a manifest"), "\(message)") }
        #expect(!FilePath(file).exists)
    }

    @Test func `apply refuses the data directory before it creates it`() async throws {
        let options = self.options(data: "manifests/data") + ["--manager", "unix:\(scratch)/none"]
        let message = await refusal { try await ApplyCommand.parse(options).run() }
        #expect(message.contains("would be read as manifests"), "\(message)")
        #expect(!scratch.appending("manifests/data").exists)
    }
}
