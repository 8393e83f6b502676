/// Why two revisions cannot be compared from their common ancestor.
package enum RevisionError: Error, Hashable, Sendable, CustomStringConvertible {
    case unknown(String)
    /// The clone does not go back far enough to have it.
    case shallow(String, String)
    case unrelated(String, String)
    case git(GitError)

    package var description: String {
        switch self {
        case .unknown(let name): "no commit is called \"\(name)\""
        case .shallow(let first, let second):
            "the common ancestor of \(first) and \(second) is not in this repository, which is a shallow clone"
        case .unrelated(let first, let second): "\(first) and \(second) have no common ancestor"
        case .git(let error): "\(error)"
        }
    }

    /// What to do about it.
    package var hint: String? {
        switch self {
        case .unknown: "`git fetch` brings what the remote has; a shallow clone lacks older commits"
        case .shallow:
            "`git fetch --unshallow` brings the rest; in CI, fetch the whole history (`fetch-depth: 0` of actions/checkout, "
                + "`GIT_DEPTH: 0` of GitLab)"
        case .unrelated(let first, let second): "`--revision \(first)..\(second)` compares the two as they are"
        case .git: nil
        }
    }
}
