import CubeCore
import CubeTypes
import SystemPackage
import Testing

@testable import CubeReconciler

/// What a watcher reports of the git directory of a checkout. Uses real inotify and the real git; the suite's time limit bounds each
/// wait.
@Suite(.timeLimit(.minutes(1))) struct CheckoutWatchTests {
    private let repository: TestRepository

    init() throws {
        repository = try TestRepository()
        try repository.write("mark\n", to: "manifests/.gitignore")
        for version in ["1", "2"] {
            try repository.write(manifest("a", version), to: "manifests/a.json")
            try repository.commit()
        }
    }

    /// A source in a working tree of the repository.
    private struct Tree {
        /// The name of the working tree in the directory of the repository.
        let name: String
        let repository: TestRepository
        let watcher = DirectoryWatcher.make()
        let source: DirectorySource

        init(_ name: String, of repository: TestRepository) {
            self.name = name
            self.repository = repository
            source = DirectorySource(
                repository.directory.path.appending(name).appending("manifests"), files: LocalFileSystem(),
                watcher: watcher, git: GitProgram(environment: TestRepository.environment)
            ) { Timestamp(milliseconds: .max / 2) }
        }

        @discardableResult
        func git(_ arguments: [String]) throws -> String {
            try repository.run(["-C", repository.directory.path.appending(name).string] + arguments)
        }

        func write(_ text: String, to file: String) throws {
            try repository.directory.write(text, to: "\(name)/manifests/\(file)")
        }

        /// Returns all changes until now. The last of them is that of a file that git ignores, as changes are reported in their order.
        func changes() async throws -> SourceChange {
            try write("", to: "mark")
            var change = watcher.take()
            if change.entries.contains("mark") { return change }
            for await _ in watcher.signals {
                change.merge(watcher.take())
                if change.entries.contains("mark") { break }
            }
            return change
        }
    }

    @Test(arguments: [
        ["add", "--all"], ["commit", "--quiet", "--all", "-m", "3"], ["commit", "--quiet", "--amend", "-m", "3"],
        ["commit", "--quiet", "--allow-empty", "-m", "3"], ["reset", "--quiet", "--soft", "HEAD~1"],
        ["reset", "--quiet", "--hard"], ["checkout", "--quiet", "-b", "other"],
    ])
    func `Every command that changes the index or the commit is reported`(arguments: [String]) async throws {
        let tree = Tree("work", of: repository)
        try tree.write(manifest("a", "3"), to: "a.json")
        _ = await tree.source.look(at: .everything)
        let before = try await tree.changes()
        #expect(!before.revision)
        try tree.git(arguments)
        #expect(try await tree.changes().revision)
    }

    @Test(arguments: ["work", "linked"])
    func `After a commit, a look at the revision finds no difference, and changes nothing that is watched`(
        name: String
    ) async throws {
        if name == "linked" {
            try repository.git("worktree", "add", "--quiet", repository.directory.path.appending(name).string)
        }
        let tree = Tree(name, of: repository)
        try tree.write(manifest("a", "3"), to: "a.json")
        #expect(await tree.source.look(at: .everything)?.source.dirty == true)
        _ = try await tree.changes()

        try tree.git(["add", "--all"])
        try tree.git(["commit", "--quiet", "-m", "3"])
        #expect(try await tree.changes() == SourceChange(entries: ["mark"], revision: true))
        let revision = try #require(await tree.source.look(at: .revision)).source
        let commit = try tree.git(["rev-parse", "HEAD"])
        #expect(revision.dirty == false && revision.commit == commit)

        // Git would write the index, as the file has another time. Another look would follow that, without end.
        try tree.write(manifest("a", "3"), to: "a.json")
        #expect(await tree.source.look(at: .revision) == nil)
        #expect(try await tree.changes() == SourceChange(entries: ["a.json", "mark"]))
    }

    @Test func `A git directory that disappears is reported, and one that returns is watched after the next scan`()
        async throws
    {
        let tree = Tree("work", of: repository)
        let commit = try #require(await tree.source.look(at: .everything)).source.commit
        #expect(commit != nil)
        _ = try await tree.changes()
        try repository.directory.move("work/.git", to: "away.git")
        #expect(try await tree.changes().revision)
        let without = try #require(await tree.source.look(at: .revision)).source
        #expect(without.commit == nil && without.dirty == nil)

        try repository.directory.move("away.git", to: "work/.git")
        #expect(await tree.source.look(at: .everything)?.source.commit == commit)
        _ = try await tree.changes()
        try tree.git(["commit", "--quiet", "--allow-empty", "-m", "3"])
        #expect(try await tree.changes().revision)
    }

    @Test func `A git directory that replaces another one is watched after a look at the revision`() async throws {
        let tree = Tree("work", of: repository)
        _ = await tree.source.look(at: .everything)
        _ = try await tree.changes()
        let copy = repository.directory.path.appending("copy")
        try repository.run(["clone", "--quiet", "--no-local", repository.work.string, copy.string])
        try repository.directory.move("work/.git", to: "away.git")
        try repository.directory.move("copy/.git", to: "work/.git")
        #expect(try await tree.changes().revision)
        // Both have the same commit.
        #expect(await tree.source.look(at: .revision) == nil)
        _ = try await tree.changes()
        try tree.git(["commit", "--quiet", "--allow-empty", "-m", "3"])
        #expect(try await tree.changes().revision)
        // The git directory that was replaced is no longer watched.
        let former = repository.directory.path.appending("away.git")
        try repository.run(["--git-dir", former.string, "update-ref", "HEAD", "HEAD~1"])
        #expect(try await !tree.changes().revision)
    }
}
