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
    private let missing: String
    private let executor = BlockingExecutor("cube.git-history")

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Parameter directory: absolute; it need not be there.
    package init(
        of directory: FilePath, files: any FileSystem, git: GitProgram, now: @escaping @Sendable () -> Timestamp
    ) throws(FileError) {
        var place = directory
        var missing: [String] = []
        while !place.removingLastComponent().isEmpty, try !files.exists(place) {
            missing.insert(place.lastComponent?.string ?? "", at: 0)
            place = place.removingLastComponent()
        }
        self.directory = directory
        self.files = files
        self.missing = missing.joined(separator: "/")
        repository = GitRepository(["-C", place.string], git: git, now: now)
    }

    /// The path of the directory from the root of the repository; `""` where it is that.
    package func path() async throws(GitError) -> String {
        let prefix = try await repository.text(["rev-parse", "--show-prefix"])
        return (prefix.split(separator: "/") + missing.split(separator: "/")).joined(separator: "/")
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
        let identity = try? files.openRoot(directory)?.identity
        return RootIdentity(device: identity?.device ?? 0, inode: identity?.inode ?? 0)
    }
}
