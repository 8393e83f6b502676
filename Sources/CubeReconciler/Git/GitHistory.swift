package import CubeCore
package import CubeSystem
package import CubeTypes
package import SystemPackage

/// The commits of the repository that a directory lies in, to read the directory's manifests as they were there. Nothing is
/// checked out, and nothing is written.
package actor GitHistory {
    private let directory: FilePath
    private let files: any FileSystem
    private let repository: GitRepository
    /// What is missing of the directory: it may have been there in another commit.
    private let missing: [BytePath]
    private let executor = BlockingExecutor("cube.git-history")

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Parameter directory: absolute; it need not be there.
    package init(
        of directory: FilePath, files: any FileSystem, git: GitProgram, now: @escaping @Sendable () -> Timestamp
    ) throws(FileError) {
        var place = directory
        var missing: [BytePath] = []
        while !place.removingLastComponent().isEmpty, try !files.exists(place) {
            if let name = place.lastComponent { missing.insert(BytePath(FilePath(root: nil, components: name)), at: 0) }
            place = place.removingLastComponent()
        }
        self.directory = directory
        self.files = files
        self.missing = missing
        repository = GitRepository(["-C", place.string], git: git, now: now)
    }

    /// The path of the directory from the root of the repository; `""` where it is that.
    package func path() async throws(GitError) -> BytePath {
        var prefix = try await repository.bytes(["rev-parse", "--show-prefix"])
        if prefix.last == UInt8(ascii: "\n") { prefix.removeLast() }
        return .joined(BytePath(prefix).components + missing)
    }

    /// The manifests as a commit has them.
    ///
    /// - Parameter revision: whatever git takes for a commit: a branch, a tag, an id, `HEAD~2`.
    /// - Returns: `nil` where no commit is called so.
    package func manifests(at revision: String) async throws(GitError) -> ManifestSnapshot? {
        guard let commit = try await repository.commit(revision) else { return nil }
        let path = try await path()
        return try await repository.snapshot(
            of: commit, path: path, root: root, source: SourceRevision(path: directory.string, commit: commit))
    }

    /// The best common ancestor of two revisions, as a forge compares a branch with the one that it is to be merged into.
    ///
    /// - Throws: where one of the two names no commit, or there is no common ancestor.
    package func mergeBase(of first: String, _ second: String) async throws(RevisionError) -> String {
        do {
            guard let one = try await repository.commit(first) else { throw RevisionError.unknown(first) }
            guard let other = try await repository.commit(second) else { throw RevisionError.unknown(second) }
            if let base = try await repository.mergeBase(of: one, other) { return base }
            throw try await repository.isShallow()
                ? RevisionError.shallow(first, second) : RevisionError.unrelated(first, second)
        } catch let error as RevisionError {
            throw error
        } catch {
            throw .git(error as? GitError ?? GitError("merge-base", .malformed("\(error)")))
        }
    }

    /// The directory itself: what it holds at some commit are not another source's manifests.
    private var root: RootIdentity {
        // Where it is not there, no directory is meant.
        (try? files.openRoot(directory)?.identity) ?? .directory(device: 0, inode: 0)
    }
}
