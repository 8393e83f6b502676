import CubeCore
import CubeJSON
import CubeTypes
import Foundation
import SystemPackage
import Testing

@testable import CubeReconciler

/// Commits of real repositories, read as snapshots.
@Suite(.timeLimit(.minutes(2))) struct GitHistoryTests {
    private let repository: TestRepository
    private let history: GitHistory

    init() throws {
        repository = try TestRepository()
        try repository.directory.makeDirectory("work/manifests")
        history = try Self.history(of: repository.work.appending("manifests"))
    }

    private static func history(of directory: FilePath) throws -> GitHistory {
        try GitHistory(
            of: directory, files: LocalFileSystem(), git: GitProgram(environment: TestRepository.environment),
            now: { Timestamp(milliseconds: 0) })
    }

    private func write(_ text: String, to name: String) throws { try repository.write(text, to: "manifests/\(name)") }

    private func manifests(at revision: String = "HEAD") async throws -> ManifestSnapshot {
        try #require(try await history.manifests(at: revision))
    }

    @Test func `a snapshot of a commit is complete and immutable and ignores the working tree`() async throws {
        try write(manifest("web"), to: "web.json")
        try write(manifest("db"), to: "team/db.json")
        try write("{", to: ".hidden.json")
        try repository.write(manifest("other"), to: "elsewhere.json")
        let first = try repository.commit()
        try write(manifest("web", "2"), to: "web.json")
        try repository.remove("manifests/team")
        try repository.commit()
        try write("{", to: "web.json")

        let snapshot = try await manifests(at: first)
        #expect(snapshot.isComplete && snapshot.isImmutable && !snapshot.isPartial)
        #expect(snapshot.source.commit == first)
        #expect(snapshot.files.keys.sorted() == ["team/db.json", "web.json"])
        #expect(try await manifests().files.mapValues(\.names) == ["web.json": ["web"]])
        #expect(try await manifests(at: "HEAD~1").files == snapshot.files)
        #expect(try await history.manifests(at: "nothing") == nil)
        #expect(try await history.manifests(at: "--all") == nil)
    }

    @Test func `a snapshot of a commit proves by itself that a name is absent`() async throws {
        try write(manifest("web"), to: "web.json")
        try write(manifest("db"), to: "db.json")
        try repository.commit()
        var desired = DesiredState()
        _ = desired.apply(try await manifests())
        try repository.remove("manifests/db.json")
        try repository.commit()
        _ = desired.apply(try await manifests())
        #expect(desired.absence(at: Timestamp(milliseconds: 0)) == .proved)
        #expect(desired.workloads.keys.map(\.rawValue) == ["web"])
    }

    @Test func `files that a commit did not change are not read again`() async throws {
        try write(manifest("a"), to: "a.json")
        try write(manifest("b"), to: "b.json")
        try repository.commit()
        _ = try await manifests()
        let blob = try repository.git("rev-parse", "HEAD:manifests/a.json")
        try write(manifest("b", "2"), to: "b.json")
        try repository.commit()
        try repository.directory.remove("work/.git/objects/\(blob.prefix(2))/\(blob.dropFirst(2))")
        #expect(try await manifests().files.mapValues(\.names) == ["a.json": ["a"], "b.json": ["b"]])
    }

    @Test func `a damaged object database makes reading fail`() async throws {
        try write(manifest("a"), to: "a.json")
        try repository.commit()
        let blob = try repository.git("rev-parse", "HEAD:manifests/a.json")
        let object = "work/.git/objects/\(blob.prefix(2))/\(blob.dropFirst(2))"
        try repository.directory.remove(object)
        await #expect(throws: GitError.self) { try await history.manifests(at: "HEAD") }
        try repository.directory.write("no object", to: object)
        await #expect(throws: GitError.self) { try await history.manifests(at: "HEAD") }
    }

    @Test func `links are followed within the manifests, and reported if they lead elsewhere`() async throws {
        try write(manifest("web"), to: "..data-1/web.json")
        try repository.directory.link("work/manifests/..data", to: "..data-1")
        try repository.directory.link("work/manifests/web.json", to: "..data/web.json")
        try repository.directory.link("work/manifests/dangling.json", to: "nothing.json")
        try repository.directory.link("work/manifests/passwd.json", to: "/etc/passwd")
        try repository.write(manifest("shared"), to: "shared/shared.json")
        try repository.directory.link("work/manifests/README", to: "../README.md")
        try repository.write("words", to: "README.md")
        try repository.commit()
        let snapshot = try await manifests()
        #expect(snapshot.files["web.json"]?.names == ["web"])
        #expect(snapshot.files["dangling.json"]?.reasons == [.unreadable])
        #expect(snapshot.files["passwd.json"]?.reasons == [.unreadable])
        #expect(snapshot.isComplete)

        try repository.directory.link("work/manifests/shared", to: "../shared")
        try repository.commit()
        let second = try await manifests()
        #expect(!second.isComplete)
        #expect(second.problems.map(\.range.filename) == ["shared"])
    }

    @Test func `submodules and LFS pointers are reported, and files whose names are not text are read`() async throws {
        try write(manifest("web"), to: "web.json")
        try write("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", to: "large.json")
        try repository.commit()
        let commit = try repository.git("rev-parse", "HEAD")
        try repository.git("update-index", "--add", "--cacheinfo", "160000,\(commit),manifests/lib")
        try repository.git("commit", "--quiet", "-m", "submodule")
        let submodule = try await manifests()
        #expect(submodule.problems.map(\.summary) == ["lib is a submodule, which is not read"])
        #expect(!submodule.isComplete)
        #expect(submodule.files["large.json"]?.reasons == [.unreadable])

        try repository.git("rm", "--quiet", "--cached", "manifests/lib")
        try repository.run(["-C", repository.work.string, "config", "core.precomposeunicode", "false"])
        let file = repository.work.string + "/manifests/"
        let name: [CChar] = file.utf8.map { CChar(bitPattern: $0) } + [CChar(bitPattern: 0xff)] + ".json".utf8CString
        #expect(close(open(name, O_WRONLY | O_CREAT, 0o600)) == 0)
        try repository.commit()
        let unnameable = try await manifests()
        #expect(unnameable.problems == [])
        #expect(unnameable.files["\\xFF.json"] == nil)
        #expect(unnameable.files[BytePath(text: "\\xFF.json")]?.reasons == [.syntax])
        #expect(unnameable.files["web.json"]?.names == ["web"])
    }

    /// Creates a commit with a handmade tree.
    ///
    /// - Parameter lines: The entries in the format of `git mktree`, with `\t` before the name.
    private func commit(tree lines: String, in directory: String = "manifests") throws -> String {
        let file = repository.directory.path.appending("tree").string
        func make(_ lines: String) throws -> String {
            try repository.directory.write(lines, to: "tree")
            return try repository.run(["-C", repository.work.string, "mktree", "--missing"], input: file)
        }
        let tree = try make(lines)
        let root = directory.isEmpty ? tree : try make("040000 tree \(tree)\t\(directory)\n")
        return try repository.git("commit-tree", "-m", "by hand", root)
    }

    @Test func `a duplicate entry of a commit is unreadable, so its earlier workloads stay`() async throws {
        try write(manifest("web"), to: "web.json")
        try write(manifest("db"), to: "db.json")
        try write(manifest("other"), to: "team/other.json")
        let good = try repository.commit()
        func object(_ name: String) throws -> String { try repository.git("rev-parse", "\(good):manifests/\(name)") }
        let (web, db, team) = (try object("web.json"), try object("db.json"), try object("team"))
        var desired = DesiredState()
        _ = desired.apply(try await manifests(at: good))
        desired.assumeAllRun()

        let twice = try await manifests(
            at: commit(tree: "100644 blob \(db)\tdb.json\n100644 blob \(web)\tweb.json\n100644 blob \(db)\tweb.json\n"))
        #expect(twice.files["web.json"]?.reasons == [.unreadable])
        #expect(twice.files["db.json"]?.names == ["db"])
        _ = desired.apply(twice)
        #expect(desired.workloads.keys.map(\.rawValue).sorted() == ["db", "other", "web"])

        let directories = try await manifests(
            at: commit(tree: "040000 tree \(team)\tteam\n040000 tree \(team)\tteam\n100644 blob \(web)\tweb.json\n"))
        #expect(directories.files.keys.map(\.text) == ["web.json"])
        #expect(!directories.isComplete && directories.problems.map(\.range.filename) == ["team"])

        let manifests = try repository.git("rev-parse", "\(good):manifests")
        let above = try await self.manifests(
            at: commit(tree: "040000 tree \(manifests)\tmanifests\n040000 tree \(team)\tmanifests\n", in: ""))
        #expect(above.root == nil && above.problems.map(\.summary).first?.contains("occurs twice in commit") == true)
    }

    @Test func `names that differ in case are two files`() async throws {
        try write(manifest("web"), to: "Web.json")
        try write(manifest("db"), to: "web.json")
        try repository.commit()
        #expect(try await manifests().files.mapValues(\.names) == ["Web.json": ["web"], "web.json": ["db"]])
    }

    @Test func `a directory that a commit lacks does not count as empty`() async throws {
        try repository.write("words", to: "README.md")
        let empty = try repository.commit()
        try write(manifest("web"), to: "web.json")
        let full = try repository.commit()
        let snapshot = try await manifests(at: empty)
        #expect(snapshot.root == nil && !snapshot.isComplete)
        #expect(snapshot.problems.map(\.summary) == ["manifests does not exist in commit \(empty)"])

        // A commit can have the directory even if the working tree no longer does.
        try repository.remove("manifests")
        let gone = try Self.history(of: repository.work.appending("manifests"))
        #expect(try await gone.manifests(at: full)?.files.count == 1)
    }

    @Test func `many and large files are read, and a file above the limit is reported`() async throws {
        for number in 0..<300 { try write(manifest("n\(number)"), to: "d\(number % 7)/n\(number).json") }
        try write(String(repeating: " ", count: 3 << 20), to: "large.json")
        try repository.commit()
        let snapshot = try await manifests()
        #expect(snapshot.files.count == 301)
        #expect(snapshot.files.values.filter { $0.reasons.isEmpty }.count == 300)
        #expect(snapshot.files["large.json"]?.reasons == [.tooLarge])
    }

    @Test func `a snapshot of a directory shows the checked-out commit and whether files differ from it`()
        async throws
    {
        let source = DirectorySource(
            repository.work.appending("manifests"), files: LocalFileSystem(),
            git: GitProgram(environment: TestRepository.environment),
            now: { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) })
        try write(manifest("web"), to: "web.json")
        let commit = try repository.commit()
        let clean = await source.look(at: .everything)?.source
        #expect(clean?.commit == commit && clean?.dirty == false)
        try write(manifest("web", "22"), to: "web.json")
        // The comparison with the commit does not hold up the edit.
        #expect(await source.look(at: .entries(["web.json"]))?.files.keys.sorted() == ["web.json"])
        #expect(await source.look(at: .revision)?.source.dirty == true)
        #expect(await source.look(at: .revision) == nil)
        try repository.git("checkout", "--quiet", ".")
        try repository.write("words", to: "README.md")
        #expect(await source.look(at: .everything)?.source.dirty == false)
        try write(manifest("new"), to: "new.json")
        #expect(await source.look(at: .everything)?.source.dirty == true)
        let next = try repository.commit()
        let later = await source.look(at: .everything)?.source
        #expect(later?.commit == next && later?.dirty == false)
    }

    @Test func `a branch is compared from its common ancestor with the other branch`() async throws {
        try write(manifest("web"), to: "web.json")
        let fork = try repository.commit()
        try repository.git("branch", "pr")
        try write(manifest("db"), to: "db.json")
        try repository.commit()
        try repository.git("checkout", "--quiet", "pr")
        try write(manifest("web", "2"), to: "web.json")
        try repository.commit()
        #expect(try await history.mergeBase(of: "main", "pr") == fork)
        await #expect(throws: RevisionError.unknown("nothing")) { try await history.mergeBase(of: "main", "nothing") }
        try repository.git("checkout", "--quiet", "--orphan", "other")
        try repository.commit()
        await #expect(throws: RevisionError.unrelated("main", "other")) {
            try await history.mergeBase(of: "main", "other")
        }

        // A shallow clone, as in CI: the tips of both branches, without history.
        try repository.git("push", "--quiet", "origin", "main", "pr")
        let clone = repository.directory.path.appending("ci")
        try repository.run(
            ["clone", "--quiet", "--depth=1", "--no-single-branch", "file://\(repository.remote)", clone.string])
        let shallow = try Self.history(of: clone.appending("manifests"))
        let error = await #expect(throws: RevisionError.shallow("origin/main", "origin/pr")) {
            try await shallow.mergeBase(of: "origin/main", "origin/pr")
        }
        #expect(error?.hint?.contains("git fetch --unshallow") == true)
    }

    @Test func `ranges are parsed as by git`() {
        #expect(RevisionRange("main...pr") == RevisionRange(base: "main", revision: "pr", isFromCommonAncestor: true))
        #expect(RevisionRange("v1..v2") == RevisionRange(base: "v1", revision: "v2", isFromCommonAncestor: false))
        #expect(RevisionRange("main...") == RevisionRange(base: "main", revision: "HEAD", isFromCommonAncestor: true))
        #expect(RevisionRange("..v2") == RevisionRange(base: "HEAD", revision: "v2", isFromCommonAncestor: false))
        #expect(RevisionRange("HEAD~2") == nil && RevisionRange("v1.2") == nil)
    }

    @Test func `outside of a repository, git's own error is reported`() async throws {
        let directory = try TemporaryDirectory()
        let history = try Self.history(of: directory.path)
        let error = await #expect(throws: GitError.self) { try await history.manifests(at: "HEAD") }
        #expect("\(try #require(error))".contains("not a git repository"))
    }
}

extension FileState {
    fileprivate var names: [String] {
        if case .readable(let workloads, _) = self { workloads.map(\.name.rawValue) } else { [] }
    }

    fileprivate var reasons: [Diagnostic.Reason] {
        if case .unreadable(let diagnostics) = self { diagnostics.map(\.reason) } else { [] }
    }
}
