package import CubeCore
package import CubeSystem
package import CubeTypes
package import SystemPackage

/// Reads a directory's manifests from the commits of its repository. Neither checks out nor writes anything.
package actor GitHistory {
    private let directory: FilePath
    private let files: any FileSystem
    private let repository: GitRepository
    /// The trailing components of the directory's path that do not exist now, but may exist in another commit.
    private let missing: [BytePath]
    private let executor = BlockingExecutor("cube.git-history")

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Parameter directory: An absolute path. It need not exist.
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

    /// The path of the directory relative to the root of the repository; `""` for the root itself.
    package func path() async throws(GitError) -> BytePath {
        var prefix = try await repository.bytes(["rev-parse", "--show-prefix"])
        if prefix.last == UInt8(ascii: "\n") { prefix.removeLast() }
        return .joined(BytePath(prefix).components + missing)
    }

    /// Reads the manifests of a commit.
    ///
    /// - Parameter revision: Any revision that git accepts: a branch, a tag, an id, `HEAD~2`.
    /// - Returns: `nil` if the revision names no commit.
    package func manifests(at revision: String) async throws(GitError) -> ManifestSnapshot? {
        guard let commit = try await repository.commit(revision) else { return nil }
        let path = try await path()
        return try await repository.snapshot(
            of: commit, path: path, root: root, source: SourceRevision(path: directory.string, commit: commit))
    }

    /// Returns the best common ancestor of two revisions, as a forge uses it to compare a branch with its target
    /// branch.
    ///
    /// - Throws: If a revision names no commit, or the two have no common ancestor.
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

    /// The identity of the directory itself, so that its manifests at any commit count as the same source.
    private var root: RootIdentity {
        // If the directory does not exist or is unreadable, a placeholder that matches no directory takes its place.
        (try? files.openRoot(directory)?.identity) ?? .directory(device: 0, inode: 0)
    }
}
