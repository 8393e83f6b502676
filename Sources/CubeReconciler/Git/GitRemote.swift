package import CubeCore
package import CubeTypes

/// A repository to follow: where it is, what of it is wanted, and which directory of that holds the manifests.
package struct GitRemote: Hashable, Sendable {
    /// What is wanted of it.
    package enum Reference: Hashable, Sendable {
        /// The branch that the remote has checked out.
        case standard
        case branch(String)
        case tag(String)
        /// A full commit id: nothing can come after it.
        case commit(String)
    }

    /// As it may be shown: without what gives access.
    package let url: String
    package let reference: Reference
    /// Relative to the root of the repository; `""` is the root.
    package let path: String
    /// With what gives access. It never leaves this process but in git's environment.
    let secretURL: String
    /// What must not be seen of it.
    let secrets: [String]

    /// - Parameter url: whatever git takes, also with a user and a password or token in it.
    package init(url: String, reference: Reference, path: String) {
        secretURL = url
        (self.url, secrets) = Self.withoutSecrets(url)
        self.reference = reference
        self.path = path.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    }

    /// The branch that is followed, for people; `nil` where it is the standard one or none.
    package var branch: String? {
        if case .branch(let name) = reference { name } else { nil }
    }

    /// What git calls the remote here.
    static let name = "cube"

    /// What the remote calls it.
    var remoteName: String {
        switch reference {
        case .standard: "HEAD"
        case .branch(let name): "refs/heads/\(name)"
        case .tag(let name): "refs/tags/\(name)"
        case .commit(let id): id
        }
    }

    /// Who it is as a source: the same URL and path are the same source, whatever the directory of data and the password.
    package var sourceID: SourceID { .derive(git: url, path: path) }

    /// The source, at a commit.
    package func revision(_ commit: String?) -> SourceRevision {
        SourceRevision(kind: "git", path: path, commit: commit, url: url, branch: branch)
    }

    /// Over HTTP whoever is named there may be a token; elsewhere only a password is a secret.
    private static func withoutSecrets(_ url: String) -> (String, secrets: [String]) {
        guard let scheme = url.firstRange(of: "://") else { return (url, []) }
        let isWeb = url[..<scheme.lowerBound].lowercased().hasPrefix("http")
        let authority = url[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" }
        var shown = url
        var secrets: [String] = []
        if isWeb, let query = url.firstIndex(of: "?") {
            secrets.append(String(url[query...]))
            shown = String(url[..<query])
        }
        guard let at = authority.lastIndex(of: "@") else { return (shown, secrets) }
        let access = authority[..<at]
        if isWeb {
            shown = shown.replacing("\(access)@", with: "", maxReplacements: 1)
            secrets.append(String(access))
        }
        if let colon = access.firstIndex(of: ":") {
            let password = String(access[access.index(after: colon)...])
            if !isWeb { shown = shown.replacing(":\(password)@", with: "@", maxReplacements: 1) }
            secrets.append(password)
        }
        return (shown, secrets.filter { !$0.isEmpty })
    }
}

extension GitRemote: CustomStringConvertible {
    package var description: String { path.isEmpty ? url : "\(path) of \(url)" }
}
