import CubeCore
import CubeJSON
import CubeTesting
import CubeTypes
import Foundation
import Logging
import Synchronization
import SystemPackage
import Testing

@testable import CubeReconciler

/// What is fetched from a remote, how, and which remotes are allowed.
@Suite(.serialized, .timeLimit(.minutes(2))) struct GitTransferTests {
    private let repository: TestRepository

    init() throws { repository = try TestRepository() }

    private func source(
        _ reference: GitRemote.Reference = .branch("main"), url: String? = nil, path: String = "deploy",
        environment: [String: String] = [:]
    ) -> GitSource {
        GitSource(
            GitRemote(url: url ?? repository.remote.string, reference: reference, path: path),
            directory: repository.directory.path.appending("clone"),
            git: GitProgram(environment: TestRepository.environment.merging(environment) { $1 }),
            now: { Timestamp(milliseconds: 0) }, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private func publish() throws {
        try repository.commit()
        try repository.git("push", "--quiet", "--force", "origin", "HEAD:main")
    }

    /// Creates a manifest with an attachment, links to both, and many other files.
    private func writeEverything(argument: String = "1") throws {
        try repository.write("A=\(argument)", to: "deploy/.v1/.files/web.env")
        try repository.write(
            manifest("web", argument, more: #", "env_from": [".files/current.env"]"#), to: "deploy/.v1/web.json")
        if argument == "1" {
            try repository.directory.link("work/deploy/.v1/.files/current.env", to: "web.env")
            try repository.directory.link("work/deploy/current", to: ".v1")
            let noise = (0..<(1 << 20)).map { _ in UInt8.random(in: 32..<127) }
            try repository.write(String(decoding: noise, as: UTF8.self), to: "deploy/large.bin")
            try repository.write(String(decoding: noise.reversed(), as: UTF8.self), to: "assets/large.bin")
        }
    }

    private func arguments(in snapshot: ManifestSnapshot?) -> [String: String] {
        var arguments: [String: String] = [:]
        for case .readable(let workloads, _) in snapshot?.files.values.map(\.self) ?? [] {
            for workload in workloads { arguments[workload.name.rawValue] = workload.definition.command.last }
        }
        return arguments
    }

    /// Returns the number of objects of the followed commit that the clone lacks, and the size of its objects in KiB.
    private func clone() throws -> (lacking: Int, size: Int) {
        let place = "--git-dir=\(repository.directory.path.appending("clone"))"
        let objects = try repository.run([place, "rev-list", "--objects", "--missing=print", "refs/cube/good"])
        let sizes = try repository.run([place, "count-objects", "-v"]).split(separator: "\n")
        func size(_ key: String) -> Int {
            sizes.first { $0.hasPrefix("\(key): ") }.flatMap { Int($0.split(separator: " ")[1]) } ?? 0
        }
        return (objects.split(separator: "\n").count { $0.hasPrefix("?") }, size("size") + size("size-pack"))
    }

    @Test func `a remote that supports partial transfers sends one commit, its manifests and their files`()
        async throws
    {
        try repository.run(["-C", repository.remote.string, "config", "uploadpack.allowFilter", "true"])
        try repository.write("before", to: "README.md")
        try publish()
        try writeEverything()
        try publish()
        let source = source()
        let first = try #require(await source.look().snapshot)
        #expect(first.problems.isEmpty && first.isComplete, "\(first.problems)")
        #expect(arguments(in: first) == ["web": "1"])
        // The two large files and the README, to which no manifest refers.
        #expect(try clone().lacking == 3)
        #expect(try clone().size < 100)

        try writeEverything(argument: "2")
        try publish()
        let second = try #require(await source.look().snapshot)
        #expect(arguments(in: second) == ["web": "2"] && second.problems.isEmpty)
        #expect(try clone().lacking == 3)
        let place = "--git-dir=\(repository.directory.path.appending("clone"))"
        #expect(try repository.run([place, "rev-list", "--count", "refs/cube/good"]) == "1")

        // The clone has everything in force, so a restart needs no remote.
        try repository.directory.move("remote.git", to: "away.git")
        let later = try #require(await self.source().look().snapshot)
        #expect(arguments(in: later) == ["web": "2"])
        #expect(later.problems.map(\.reason) == ["remote_unreachable"])
    }

    @Test func `a remote without partial transfers sends the whole commit`() async throws {
        try writeEverything()
        try publish()
        #expect(arguments(in: await source().look().snapshot) == ["web": "1"])
        #expect(try clone().lacking == 0)
    }

    @Test func `a clone that lacks a manifest's content fetches it, and a damaged clone is replaced`()
        async throws
    {
        try repository.run(["-C", repository.remote.string, "config", "uploadpack.allowFilter", "true"])
        try writeEverything()
        try publish()
        _ = await source().look()
        let packs = repository.directory.path.appending("clone/objects/pack").string
        for name in try FileManager.default.contentsOfDirectory(atPath: packs) where name.hasSuffix(".pack") {
            try FileManager.default.removeItem(atPath: "\(packs)/\(name)")
        }
        #expect(arguments(in: await source().look().snapshot) == ["web": "1"])
    }

    @Test(arguments: [true, false])
    func `a clone into which fetching fails is replaced, also for a followed commit`(isCommit: Bool)
        async throws
    {
        try repository.run(["-C", repository.remote.string, "config", "uploadpack.allowFilter", "true"])
        try writeEverything()
        try publish()
        let reference =
            isCommit ? GitRemote.Reference.commit(try repository.git("rev-parse", "HEAD")) : .branch("main")
        // The clone has the commit, but no content of a manifest.
        _ = await source(reference, path: "assets").look()
        let clone = repository.directory.path.appending("clone").string
        try repository.run(["--git-dir=\(clone)", "config", "remote.cube.uploadpack", "/bin/false"])
        let source = source(reference)
        var snapshot = await source.look().snapshot
        if snapshot?.problems.isEmpty == false { snapshot = await source.look().snapshot }
        #expect(arguments(in: snapshot) == ["web": "1"] && snapshot?.problems.isEmpty == true)
    }

    @Test func `an interrupted transfer continues where it stopped`() async throws {
        try repository.run(["-C", repository.remote.string, "config", "uploadpack.allowFilter", "true"])
        for number in 0..<600 { try repository.write(manifest("w\(number)"), to: "deploy/w\(number).json") }
        try publish()
        let directory = repository.directory.path.string
        // The fourth connection is refused once, after the request for the reference, the commit and the first 500
        // files.
        try repository.directory.write(
            """
            #!/bin/sh
            echo >> '\(directory)/connections'
            if [ "$(wc -l < '\(directory)/connections')" -eq 4 ]; then exit 255; fi
            for command; do :; done
            exec sh -c "$command"
            """, to: "ssh")
        chmod(directory + "/ssh", 0o700)
        let source = source(
            url: "ssh://host\(repository.remote)",
            environment: ["GIT_SSH_COMMAND": "'\(directory)/ssh'", "GIT_SSH_VARIANT": "ssh"])
        let cutOff = try #require(await source.look().snapshot)
        #expect(cutOff.problems.map(\.reason) == ["remote_unreachable"] && cutOff.root == nil)
        let clone = "--git-dir=\(repository.directory.path.appending("clone"))"
        let objects = try repository.run([clone, "rev-list", "--objects", "--missing=print", "refs/cube/new"])
        #expect(objects.split(separator: "\n").count { $0.hasPrefix("?") } == 100)
        let whole = try #require(await source.look().snapshot)
        #expect(whole.problems.isEmpty && whole.files.count == 600)
    }

    @Test func `a remote that is itself a shallow clone can be followed`() async throws {
        for number in 0..<3 {
            try repository.write(manifest("web", "\(number)"), to: "deploy/web.json")
            try publish()
        }
        let shallow = repository.directory.path.appending("shallow.git").string
        try repository.run(["clone", "--quiet", "--bare", "--depth=1", "file://\(repository.remote)", shallow])
        #expect(arguments(in: await source(url: shallow).look().snapshot) == ["web": "2"])
    }

    @Test func `a SHA-256 repository can be followed by branch and by commit`() async throws {
        let directory = repository.directory.path.appending("sha256").string
        try repository.run(["init", "--quiet", "--object-format=sha256", "--initial-branch=main", directory])
        try repository.directory.write(manifest("web", "256"), to: "sha256/deploy/web.json")
        try repository.run(["-C", directory, "add", "--all"])
        try repository.run(["-C", directory, "commit", "--quiet", "-m", "one"])
        let commit = try repository.run(["-C", directory, "rev-parse", "HEAD"])
        #expect(commit.count == 64)
        for reference in [GitRemote.Reference.branch("main"), .commit(commit)] {
            let snapshot = try #require(await source(reference, url: directory).look().snapshot)
            #expect(snapshot.problems.isEmpty && snapshot.source.commit == commit)
            #expect(arguments(in: snapshot) == ["web": "256"])
        }
        // Another repository with the other object format takes its place.
        try repository.directory.remove("sha256")
        try repository.write(manifest("web", "1"), to: "deploy/web.json")
        try publish()
        try repository.run(["clone", "--quiet", repository.remote.string, directory])
        #expect(arguments(in: await source(url: directory).look().snapshot) == ["web": "1"])
    }

    @Test func `a transfer is aborted only when it makes no progress`() async throws {
        let clock = ManualClock(start: Timestamp(milliseconds: 0))
        let transfer = Transfer()
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                let stands = await GitProgram.standsStill(
                    for: .seconds(100), on: clock, activity: { transfer.activity.withLock { $0 } })
                #expect(stands)
                transfer.hasEnded.withLock { $0 = true }
            }
            // If the transfer ended early, nobody would sleep, and the time limit would end the test.
            for _ in 0..<50 {
                _ = await clock.untilSlept()
                transfer.activity.withLock { $0 += 1 }
                clock.advance(by: .seconds(100))
            }
            _ = await clock.untilSlept()
            let hasEndedEarly = transfer.hasEnded.withLock { $0 }
            #expect(!hasEndedEarly)
            clock.advance(by: .seconds(100))
            await group.waitForAll()
        }
        let hasEndedNow = transfer.hasEnded.withLock { $0 }
        #expect(hasEndedNow)
    }

    @Test func `git sees network settings, but no terminal, descriptor or variable that redirects it`()
        async throws
    {
        let directory = repository.directory.path.string
        try repository.directory.write(
            """
            #!/bin/sh
            env > '\(directory)/seen'
            (ls -l /proc/$$/fd; if : < /dev/tty; then echo terminal; fi) > '\(directory)/descriptors' 2>/dev/null
            exit 1
            """, to: "ssh")
        try repository.run(["init", "--quiet", directory + "/other"])
        chmod(directory + "/ssh", 0o700)
        let leak = open("/dev/zero", O_RDONLY)
        defer { close(leak) }
        let passed = [
            "GIT_ASKPASS": "/bin/a", "SSH_ASKPASS": "/bin/b", "SSH_AUTH_SOCK": "/run/agent",
            "https_proxy": "http://proxy",
            "GIT_SSL_CAINFO": "/ca.pem", "GIT_SSH_COMMAND": "'\(directory)/ssh'",
        ]
        let withheld = [
            "GIT_DIR": directory + "/other/.git", "GIT_WORK_TREE": "/", "GIT_OBJECT_DIRECTORY": "/", "SECRET": "x",
        ]
        let look = await source(url: "ssh://host/x.git", environment: passed.merging(withheld) { $1 }).look()
        #expect(look.snapshot?.problems.map(\.reason) == ["remote_unreachable"])
        let seen = try #require(repository.directory.text(of: "seen")).split(separator: "\n")
        for (name, value) in passed { #expect(seen.contains("\(name)=\(value)"), "\(name)") }
        for name in withheld.keys { #expect(!seen.contains { $0.hasPrefix("\(name)=\(withheld[name]!)") }, "\(name)") }
        #expect(seen.contains("SSH_ASKPASS_REQUIRE=force") && seen.contains("GIT_TERMINAL_PROMPT=0"))
        let descriptors = try #require(repository.directory.text(of: "descriptors"))
        try #require(descriptors.contains(" -> "), "the listing has no descriptor")
        #expect(!descriptors.contains("/dev/zero") && !descriptors.contains("terminal"), "\(descriptors)")
    }

    @Test func `a protocol that needs an external program is rejected by its name and by git`() async throws {
        let allowed = [
            "https://host/x.git", "HTTP://host/x", "ssh://git@host/x.git", "git+ssh://host/x", "git://host/x",
            "file:///x",
            "/srv/x.git", "../x.git", "git@host:x.git", "host:x", "[::1]:x", "a:b:c", "./a::b",
        ]
        for url in allowed { #expect(GitRemote.refusal(of: url) == nil, "\(url)") }
        for (url, words) in [
            ("fd::7", #"selects the remote helper "fd""#), ("ext::sh -c true", #"selects the remote helper "ext""#),
            ("::/x", "remote helper"), ("ftp://host/x", #"has the protocol "ftp""#),
            ("s3://bucket", "has the protocol"),
            ("--upload-pack=x", "begins with a hyphen"), ("", "is empty"), ("a\nb", "control character"),
        ] {
            #expect(GitRemote.refusal(of: url)?.contains(words) == true, "\(url)")
        }
        let mark = repository.directory.path.appending("mark").string
        let look = await source(url: "ext::sh -c touch%20\(mark)").look()
        #expect(look.snapshot?.problems.map(\.reason) == ["remote_unreachable"])
        #expect(look.snapshot?.problems.first?.summary.contains("not allowed") == true)
        #expect(!FileManager.default.fileExists(atPath: mark))
    }
}

/// The observed state of a simulated transfer.
private final class Transfer: Sendable {
    let activity = Mutex(0)
    let hasEnded = Mutex(false)
}
