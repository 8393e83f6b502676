/// The reason why two revisions cannot be compared from their common ancestor.
package enum RevisionError: Error, Hashable, Sendable, CustomStringConvertible {
    case unknown(String)
    /// The shallow clone does not contain the common ancestor.
    case shallow(String, String)
    case unrelated(String, String)
    case git(GitError)

    package var description: String {
        switch self {
        case .unknown(let name): "revision \"\(name)\" not found"
        case .shallow(let first, let second):
            "the common ancestor of \(first) and \(second) is not in this repository, which is a shallow clone"
        case .unrelated(let first, let second): "\(first) and \(second) have no common ancestor"
        case .git(let error): "\(error)"
        }
    }

    /// A suggestion for solving the problem.
    package var hint: String? {
        switch self {
        case .unknown: "run `git fetch` to get the commits of the remote; a shallow clone lacks older commits"
        case .shallow:
            "run `git fetch --unshallow` to get the full history; in CI, fetch it (`fetch-depth: 0` of "
                + "actions/checkout, `GIT_DEPTH: 0` of GitLab)"
        case .unrelated(let first, let second): "use `--revision \(first)..\(second)` to compare the two directly"
        case .git: nil
        }
    }
}
