import CubeCore
import CubeJSON
import CubeTypes
import Foundation
import Logging
import SystemPackage
import Testing

@testable import CubeReconciler

/// Commits that the real GPG signs.
@Suite(.serialized, .timeLimit(.minutes(2))) struct GitSignatureTests {
    private static let hasGPG = FileManager.default.isExecutableFile(atPath: "/usr/bin/gpg")

    @Test(.enabled(if: hasGPG, "gpg is not installed: apt-get install gnupg"))
    func `a keyring accepts only commits that one of its current keys has signed`() async throws {
        let keys = try Keyrings()
        defer { keys.endAgents() }
        let repository = try TestRepository()
        try repository.write(manifest("web"), to: "deploy/web.json")
        try repository.commit()
        try repository.git("push", "--quiet", "origin", "main")
        let source = source(repository, keyring: keys.path("verifier"))
        func publish(_ argument: String, signedBy owner: String) throws {
            try repository.write(manifest("web", argument), to: "deploy/web.json")
            try repository.git("add", "--all")
            try keys.shell(
                """
                GNUPGHOME='\(keys.path(owner))' git -C '\(repository.work)' -c user.signingKey=\(owner)@example.test \
                commit --quiet --gpg-sign -m signed
                """)
            try repository.git("push", "--quiet", "origin", "HEAD:main")
        }

        let unsigned = try #require(await source.look().snapshot)
        #expect(unsigned.problems.map(\.reason) == ["signature_invalid"])
        #expect(unsigned.files.isEmpty && unsigned.root == nil)

        try publish("2", signedBy: "friend")
        let good = try #require(await source.look().snapshot)
        #expect(good.problems.isEmpty && argument(in: good) == "2")

        try publish("3", signedBy: "stranger")
        let strange = try #require(await source.look().snapshot)
        #expect(strange.problems.map(\.reason) == ["signature_invalid"] && argument(in: strange) == "2")

        try publish("4", signedBy: "friend")
        #expect(argument(in: try #require(await source.look().snapshot)) == "4")

        try keys.shell("gpg --batch --yes --quiet --delete-keys friend@example.test", keyring: "verifier")
        try publish("5", signedBy: "friend")
        let removed = try #require(await source.look().snapshot)
        #expect(removed.problems.map(\.reason) == ["signature_invalid"] && argument(in: removed) == "4")
    }

    private func source(_ repository: TestRepository, keyring: String) -> GitSource {
        let environment = TestRepository.environment.merging(["GNUPGHOME": keyring]) { _, new in new }
        return GitSource(
            GitRemote(url: repository.remote.string, reference: .branch("main"), path: "deploy"), signers: .keyring,
            directory: repository.directory.path.appending("git"),
            git: GitProgram(environment: environment), now: { Timestamp(milliseconds: 0) },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private func argument(in snapshot: ManifestSnapshot) -> String? {
        guard case .readable(let workloads, _)? = snapshot.files["web.json"] else { return nil }
        return workloads.first?.definition.command.last
    }
}

/// The keyrings of a friend, of a stranger, and of a verifier who knows only the friend's key.
private struct Keyrings {
    /// A short path, as the path of an agent's socket may have at most 108 bytes.
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        for owner in ["friend", "stranger", "verifier"] {
            try shell("mkdir -m 700 -p '\(path(owner))'")
        }
        for owner in ["friend", "stranger"] {
            try shell(
                "gpg --batch --quiet --passphrase '' --quick-generate-key '\(owner)@example.test' ed25519 sign never",
                keyring: owner)
        }
        try shell(
            """
            GNUPGHOME='\(path("friend"))' gpg --batch --export friend@example.test |
            GNUPGHOME='\(path("verifier"))' gpg --batch --quiet --import
            """)
    }

    func path(_ owner: String) -> String { directory.path.appending(owner).string }

    func shell(_ command: String, keyring: String? = nil) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-ec", command]
        process.environment = TestRepository.environment.merging(
            keyring.map { ["GNUPGHOME": path($0)] } ?? [:]
        ) { _, new in new }
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(command)")
    }

    /// gpg leaves an agent behind for each keyring.
    func endAgents() {
        for owner in ["friend", "stranger", "verifier"] {
            // An agent that never started need not be stopped.
            try? shell("gpgconf --kill all", keyring: owner)
        }
    }
}
