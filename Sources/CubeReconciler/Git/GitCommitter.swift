import CubeTypes
package import SystemPackage

/// Commits files of a working tree. Git runs no hooks.
package struct GitCommitter: Sendable {
    private let git: GitProgram
    private let directory: FilePath

    /// The time for each command.
    private static let limit = Duration.seconds(60)

    /// - Parameter directory: a directory of the working tree.
    package init(git: GitProgram, directory: FilePath) {
        self.git = git
        self.directory = directory
    }

    /// A file cannot be committed alone, because it has other changes.
    package struct UncommittedChanges: Error, CustomStringConvertible {
        let status: String

        package var description: String {
            "files have uncommitted changes, or are not in the repository yet; commit them first:\n\(status)"
        }
    }

    /// - Throws: `UncommittedChanges` if a file differs from the last commit; `GitError` if there is no repository.
    package func requireClean(_ files: [FilePath]) async throws {
        let status = try await run(["status", "--porcelain", "--ignored", "--"] + files.map(\.string))
        guard status.isEmpty else { throw UncommittedChanges(status: status) }
    }

    /// Commits the present content of files, and nothing else that may be staged.
    ///
    /// - Returns: the abbreviated id of the commit.
    package func commit(_ files: [FilePath], message: String) async throws -> String {
        _ = try await run(["commit", "--quiet", "--message", message, "--only", "--"] + files.map(\.string))
        return try await run(["rev-parse", "--short", "HEAD"])
    }

    private func run(_ arguments: [String]) async throws -> String {
        try await git.text(["-C", directory.string] + arguments, within: Self.limit)
    }
}
