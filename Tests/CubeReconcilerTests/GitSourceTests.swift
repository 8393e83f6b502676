import CubeCore
import CubeJSON
import CubeTesting
import CubeTypes
import Foundation
import Logging
import SystemPackage
import Testing

@testable import CubeReconciler

/// A remote that is followed, with real repositories and the real git, and the failures that may occur.
@Suite(.serialized, .timeLimit(.minutes(2))) struct GitSourceTests {
    private let repository: TestRepository
    private let source: GitSource
    private var clone: String { "data/reconciler/git" }

    init() throws {
        repository = try TestRepository()
        try repository.write(manifest("web"), to: "deploy/web.json")
        try repository.write("words", to: "README.md")
        try repository.commit()
        try repository.git("push", "--quiet", "origin", "main")
        source = Self.source(repository)
    }

    private static func source(
        _ repository: TestRepository, _ reference: GitRemote.Reference = .branch("main"), url: String? = nil,
        signers: CommitSigners? = nil, clock: any Clock<Duration> = ContinuousClock(),
        environment: [String: String] = TestRepository.environment
    ) -> GitSource {
        GitSource(
            GitRemote(url: url ?? repository.remote.string, reference: reference, path: "deploy"), signers: signers,
            directory: repository.directory.path.appending("data").appending("reconciler").appending("git"),
            git: GitProgram(environment: environment, clock: clock), now: { Timestamp(milliseconds: 0) },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// Commits and pushes.
    @discardableResult
    private func publish(force: Bool = false) throws -> String {
        let commit = try repository.commit()
        try repository.git("push", "--quiet", force ? "--force" : "--porcelain", "origin", "HEAD:main")
        return commit
    }

    private func arguments(in snapshot: ManifestSnapshot?) -> [String: String] {
        var arguments: [String: String] = [:]
        for case .readable(let workloads, _)? in snapshot?.files.values.map(Optional.some) ?? [] {
            for workload in workloads { arguments[workload.name.rawValue] = workload.definition.command.last }
        }
        return arguments
    }

    @Test func `a followed branch yields a snapshot for each push, and none without a push`() async throws {
        let first = try #require(await source.look().snapshot)
        #expect(arguments(in: first) == ["web": "1"])
        #expect(first.isComplete && first.isImmutable && first.problems.isEmpty)
        #expect(first.source.kind == "git" && first.source.path == "deploy" && first.source.branch == "main")
        #expect(first.source.url == repository.remote.string)
        #expect(first.source.commit == (try repository.git("rev-parse", "HEAD")))
        #expect(await source.look().snapshot == nil)

        try repository.write(manifest("web", "2"), to: "deploy/web.json")
        try repository.write(manifest("db"), to: "deploy/team/db.json")
        let commit = try publish()
        let second = try #require(await source.look().snapshot)
        #expect(arguments(in: second) == ["web": "2", "db": "1"])
        #expect(second.source.commit == commit)
        #expect(second.root == first.root)
    }

    @Test func `a branch is followed across a forced push`() async throws {
        _ = await source.look()
        try repository.write(manifest("web", "2"), to: "deploy/web.json")
        try publish()
        #expect(arguments(in: await source.look().snapshot) == ["web": "2"])
        try repository.git("reset", "--quiet", "--hard", "HEAD~1")
        try repository.write(manifest("web", "3"), to: "deploy/web.json")
        try publish(force: true)
        #expect(arguments(in: await source.look().snapshot) == ["web": "3"])
    }

    @Test func `a deleted branch leaves the last state in force and is reported until it is back`() async throws {
        let first = try #require(await source.look().snapshot)
        try repository.run(["-C", repository.remote.string, "update-ref", "-d", "refs/heads/main"])
        let look = await source.look()
        let stale = try #require(look.snapshot)
        #expect(look.hasFailed)
        #expect(stale.problems.map(\.reason) == ["branch_missing"])
        #expect(stale.files == first.files && stale.source == first.source && stale.isComplete)
        #expect(await source.look().snapshot == nil)

        try repository.git("push", "--quiet", "origin", "main")
        let back = try #require(await source.look().snapshot)
        #expect(back.problems.isEmpty && back.files == first.files)
    }

    @Test func `an unreachable remote leaves the last state in force, even across a restart`() async throws {
        let first = try #require(await source.look().snapshot)
        try repository.directory.move("remote.git", to: "away.git")
        #expect(await source.look().snapshot?.problems.map(\.reason) == ["remote_unreachable"])

        let later = Self.source(repository)
        let stale = try #require(await later.look().snapshot)
        #expect(stale.problems.map(\.reason) == ["remote_unreachable"])
        #expect(stale.files == first.files && stale.source == first.source && stale.isComplete)

        try repository.directory.move("away.git", to: "remote.git")
        #expect(await later.look().snapshot?.problems.isEmpty == true)
    }

    @Test func `a remote that was never reachable yields no manifests and proves no absence`() async throws {
        try repository.directory.move("remote.git", to: "away.git")
        let snapshot = try #require(await source.look().snapshot)
        #expect(snapshot.root == nil && !snapshot.isComplete && snapshot.files.isEmpty)
        #expect(snapshot.problems.map(\.reason) == ["remote_unreachable"])
    }

    enum Damage: CaseIterable {
        case lock, truncatedPack, noObjects, noHead, emptyReference, halfFetched, halfSwapped
    }

    @Test(arguments: Damage.allCases) func `a damaged clone is repaired`(damage: Damage) async throws {
        _ = await source.look()
        try damage.hit(repository.directory, clone)
        try repository.write(manifest("web", "2"), to: "deploy/web.json")
        try publish()
        let mended = await source.look()
        #expect(arguments(in: mended.snapshot) == ["web": "2"])
        #expect(mended.snapshot?.problems.isEmpty == true)

        // And after a restart, without a new commit.
        try damage.hit(repository.directory, clone)
        let restarted = await Self.source(repository).look()
        #expect(arguments(in: restarted.snapshot) == ["web": "2"])
        #expect(restarted.snapshot?.problems.isEmpty == true)
        #expect(repository.directory.text(of: "\(clone).new/HEAD") == nil)
    }

    @Test func `the clone of another remote or branch is not reused`() async throws {
        _ = await source.look()
        try repository.git("push", "--quiet", "origin", "main:other")
        try repository.directory.move("remote.git", to: "away.git")
        let other = try #require(await Self.source(repository, .branch("other")).look().snapshot)
        #expect(other.files.isEmpty && other.problems.map(\.reason) == ["remote_unreachable"])
    }

    @Test func `a tag, a commit and the default branch can be followed`() async throws {
        try repository.git("tag", "--annotate", "-m", "one", "v1")
        try repository.git("push", "--quiet", "origin", "v1")
        let first = try repository.git("rev-parse", "HEAD")
        try repository.write(manifest("web", "2"), to: "deploy/web.json")
        try publish()
        for reference in [GitRemote.Reference.tag("v1"), .commit(first)] {
            let source = Self.source(repository, reference)
            let snapshot = try #require(await source.look().snapshot)
            #expect(snapshot.source.commit == first && snapshot.problems.isEmpty)
            #expect(arguments(in: snapshot) == ["web": "1"])
            #expect(await source.look().snapshot == nil)
        }
        #expect(arguments(in: await Self.source(repository, .standard).look().snapshot) == ["web": "2"])
        let missing = await Self.source(repository, .tag("v2")).look()
        #expect(missing.snapshot?.problems.map(\.reason) == ["branch_missing"])
    }

    @Test func `a request to a remote that never answers ends at its deadline`() async throws {
        _ = await source.look()
        let listener = try SilentListener()
        let clock = ManualClock(start: Timestamp(milliseconds: 0))
        let silent = Self.source(repository, url: "http://127.0.0.1:\(listener.port)/x.git", clock: clock)
        let look = try await withThrowingTaskGroup(of: GitSource.Look?.self) { group in
            group.addTask { await silent.look() }
            group.addTask {
                // Advance the clock only once git has connected and waits.
                await listener.accept()
                while let deadline = await clock.untilSlept() { clock.advance(to: deadline) }
                return nil
            }
            let look = try #require(try await group.next() ?? nil)
            group.cancelAll()
            return look
        }
        #expect(look.snapshot?.problems.map(\.reason) == ["remote_unreachable"])
        #expect(look.snapshot?.problems.first?.summary.contains("took longer than") == true)
    }

    @Test func `a cancelled look ends at once without a result`() async throws {
        let listener = try SilentListener()
        let silent = Self.source(repository, url: "http://127.0.0.1:\(listener.port)/x.git")
        let look = await withTaskGroup(of: GitSource.Look.self) { group in
            group.addTask { await silent.look() }
            await listener.accept()
            group.cancelAll()
            return await group.next()
        }
        #expect(look?.snapshot == nil && look?.hasFailed == false)
    }

    @Test func `credentials of a remote are shown nowhere`() async throws {
        let url = "http://someone:s3cret-w0rd@127.0.0.1:1/x.git?token=t0ken"
        let remote = GitRemote(url: url, reference: .standard, path: "/deploy/./")
        #expect(remote.url == "http://127.0.0.1:1/x.git" && remote.path == "deploy")
        #expect(!remote.publicURL.contains("s3cret") && !remote.publicURL.contains("someone"))
        #expect(GitRemote(url: "https://t0ken@host/x.git", reference: .standard, path: "").url == "https://host/x.git")
        #expect(GitRemote(url: "ssh://git@host/x.git", reference: .standard, path: "").url == "ssh://git@host/x.git")
        #expect(GitRemote(url: "ssh://git:pw@host/x", reference: .standard, path: "").url == "ssh://git@host/x")
        #expect(GitRemote(url: "git@host:x.git", reference: .standard, path: "").url == "git@host:x.git")

        let snapshot = try #require(await Self.source(repository, url: url).look().snapshot)
        for secret in ["someone", "s3cret", "t0ken"] { #expect(!"\(snapshot)".contains(secret)) }
        #expect(snapshot.problems.map(\.reason) == ["remote_unreachable"])
    }

    @Test func `commits without an accepted signature are rejected`() async throws {
        let directory = repository.directory.path.string
        for key in ["friend", "stranger"] {
            try Self.shell("ssh-keygen -q -t ed25519 -N '' -C '\(key)' -f '\(directory)/\(key)'")
        }
        try Self.shell("echo \"a@example.test $(cat '\(directory)/friend.pub')\" > '\(directory)/signers'")
        let source = Self.source(repository, signers: .file(FilePath("\(directory)/signers")))
        func sign(_ key: String, _ argument: String) throws {
            try repository.write(manifest("web", argument), to: "deploy/web.json")
            try repository.git("add", "--all")
            try repository.git(
                "-c", "gpg.format=ssh", "-c", "user.signingKey=\(directory)/\(key)", "commit", "--quiet",
                "--gpg-sign", "-m", "signed")
            try repository.git("push", "--quiet", "origin", "HEAD:main")
        }

        let unsigned = try #require(await source.look().snapshot)
        #expect(unsigned.problems.map(\.reason) == ["signature_invalid"])
        #expect(unsigned.files.isEmpty && unsigned.root == nil)

        try sign("friend", "2")
        #expect(arguments(in: await source.look().snapshot) == ["web": "2"])

        try sign("stranger", "3")
        let refused = try #require(await source.look().snapshot)
        #expect(refused.problems.map(\.reason) == ["signature_invalid"])
        #expect(arguments(in: refused) == ["web": "2"])
        #expect(await source.look().snapshot == nil)

        // The rejected commit is not accepted after a restart either.
        try repository.directory.move("remote.git", to: "away.git")
        let later = Self.source(repository, signers: .file(FilePath("\(directory)/signers")))
        #expect(arguments(in: await later.look().snapshot) == ["web": "2"])
        try repository.directory.move("away.git", to: "remote.git")

        try sign("friend", "4")
        let good = try #require(await source.look().snapshot)
        #expect(arguments(in: good) == ["web": "4"] && good.problems.isEmpty)
    }

    private static func shell(_ command: String) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-ec", command]
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(command)")
    }
}

extension GitSourceTests.Damage {
    /// Damage as after a kill -9, on a full disk or by a user.
    fileprivate func hit(_ directory: TemporaryDirectory, _ clone: String) throws {
        let path = directory.path.appending(clone).string
        switch self {
        case .lock:
            try directory.write("", to: "\(clone)/refs/cube/new.lock")
            try directory.write("", to: "\(clone)/packed-refs.lock")
        case .truncatedPack:
            for name in try FileManager.default.contentsOfDirectory(atPath: "\(path)/objects/pack")
            where name.hasSuffix(".pack") {
                try directory.remove("\(clone)/objects/pack/\(name)")
                try directory.write("PACK", to: "\(clone)/objects/pack/\(name)")
            }
            for folder in try FileManager.default.contentsOfDirectory(atPath: "\(path)/objects") where folder.count == 2
            {
                for name in try FileManager.default.contentsOfDirectory(atPath: "\(path)/objects/\(folder)") {
                    try FileManager.default.removeItem(atPath: "\(path)/objects/\(folder)/\(name)")
                    try directory.write("cut o", to: "\(clone)/objects/\(folder)/\(name)")
                }
            }
        case .noObjects: try directory.remove("\(clone)/objects")
        case .noHead: try directory.remove("\(clone)/HEAD")
        case .emptyReference:
            try directory.write("", to: "\(clone)/refs/cube/new")
            try directory.write("", to: "\(clone)/refs/cube/good")
        case .halfFetched:
            try directory.write("PACK", to: "\(clone)/objects/pack/tmp_pack_abc")
            try directory.write("", to: "\(clone)/shallow.lock")
            try directory.write("", to: "\(clone).new/HEAD")
        case .halfSwapped: try directory.move(clone, to: "\(clone).old")
        }
    }
}

/// Accepts connections and never answers.
private final class SilentListener: Sendable {
    private let descriptor: CInt
    let port: UInt16

    init() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) == 0 && listen(descriptor, 8) == 0
                    && getsockname(descriptor, address, &length) == 0
            }
        }
        guard isBound else { throw Errno(rawValue: errno) }
        // If nobody connects or sends anything, the call returns after a minute instead of blocking for ever.
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        (self.descriptor, port) = (descriptor, UInt16(bigEndian: address.sin_port))
    }

    deinit { close(descriptor) }

    /// Waits for a connection, and answers its first request.
    @discardableResult
    func accept() async -> String {
        // Waiting must not block a thread of the pool that all tests share.
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { [descriptor] in
                let connection = Glibc.accept(descriptor, nil, nil)
                var bytes = [UInt8](repeating: 0, count: 4096)
                let count = read(connection, &bytes, bytes.count)
                continuation.resume(returning: String(decoding: bytes.prefix(max(0, count)), as: UTF8.self))
            }
        }
    }
}
