package import CubeCore
package import CubeTypes
import FoundationEssentials

/// A remote repository to follow: its URL, the reference to follow, and the directory with the manifests.
package struct GitRemote: Hashable, Sendable {
    /// The reference to follow.
    package enum Reference: Hashable, Sendable {
        /// The default branch of the remote (its `HEAD`).
        case standard
        case branch(String)
        case tag(String)
        /// A full commit id. It never changes.
        case commit(String)
    }

    /// The URL without credentials, for display.
    package let url: String
    package let reference: Reference
    /// The directory of the manifests, relative to the root of the repository; `""` is the root.
    package let path: String
    /// The URL for git's arguments, without credentials: git passes it to its helpers, whose arguments every user can
    /// see.
    let publicURL: String
    /// The credentials, as the value of the header field `Authorization`. They leave this process only through git's
    /// environment.
    let authorization: String?
    /// The secret parts of the URL.
    let secrets: [String]

    /// - Parameter url: Any URL that git accepts. It may contain a user name and a password or token.
    package init(url: String, reference: Reference, path: String) {
        let parts = URLParts(url)
        (self.url, publicURL) = (parts.shown, parts.bare)
        authorization = parts.authorization
        secrets = parts.secrets
        self.reference = reference
        self.path = path.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    }

    /// The followed branch; `nil` for the default branch, a tag or a commit.
    package var branch: String? {
        if case .branch(let name) = reference { name } else { nil }
    }

    /// The protocols that git may use, by git's names for them.
    static let protocols = ["https", "http", "ssh", "git", "file"]

    /// Returns why a URL is rejected, as a phrase that follows the URL, or `nil` if it is accepted. Rejects URLs that
    /// make git run a program or read a file descriptor of this process, and malformed URLs.
    package static func refusal(of url: String) -> String? {
        let allowed = "\(protocols.dropLast().map { "\($0)://" }.joined(separator: ", ")), file:// or a path"
        if url.isEmpty { return "is empty; use \(allowed)" }
        if url.hasPrefix("-") { return "begins with a hyphen, so git would treat it as an option" }
        if url.unicodeScalars.contains(where: { $0.value < 32 || $0.value == 127 }) {
            return "contains a control character"
        }
        let word = url.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "+-.".contains($0)) }
        let rest = url.dropFirst(word.count)
        if rest.hasPrefix("::") {
            return "selects the remote helper \"\(word)\", which is a program; use \(allowed)"
        }
        guard rest.hasPrefix("://") else { return nil }
        let known = protocols + ["git+ssh", "ssh+git"]
        return known.contains(word.lowercased())
            ? nil : "has the protocol \"\(word)\", which is not supported; use \(allowed)"
    }

    /// The name of the remote in the clone's configuration.
    static let name = "cube"

    /// The name of the reference at the remote.
    var remoteName: String {
        switch reference {
        case .standard: "HEAD"
        case .branch(let name): "refs/heads/\(name)"
        case .tag(let name): "refs/tags/\(name)"
        case .commit(let id): id
        }
    }

    /// The identity of the source. It depends on the URL and the path only, not on the data directory or credentials.
    package var sourceID: SourceID { .derive(git: url, path: path) }

    /// Returns the source revision of a commit.
    package func revision(_ commit: String?) -> SourceRevision {
        SourceRevision(kind: "git", path: path, commit: commit, url: url, branch: branch)
    }

    /// The git setting that contains the credentials. It is limited to the remote's host, so that git does not send
    /// them to another server after a redirect.
    var access: (key: String, value: String)? {
        guard let authorization, let scheme = publicURL.firstRange(of: "://") else { return nil }
        let host = publicURL[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" }
        return ("http.\(publicURL[..<scheme.upperBound])\(host)/.extraHeader", "Authorization: \(authorization)")
    }
}

/// The parts of a URL. In HTTP URLs, the user name may be a token and counts as secret; in other URLs, only the
/// password is secret.
private struct URLParts {
    /// The URL without credentials and query.
    var shown: String
    /// The URL without credentials.
    var bare: String
    var authorization: String?
    var secrets: [String] = []

    init(_ url: String) {
        (shown, bare) = (url, url)
        guard let scheme = url.firstRange(of: "://") else { return }
        let isWeb = url[..<scheme.lowerBound].lowercased().hasPrefix("http")
        let rest = url[scheme.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        if let at = authority.lastIndex(of: "@") {
            let names = authority[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let user = isWeb || names[0].isEmpty ? "" : "\(names[0])@"
            bare = url[..<scheme.upperBound] + user + rest[rest.index(after: at)...]
            secrets = (isWeb ? [authority[..<at]] + names : names.dropFirst()).map(String.init)
            if isWeb {
                let words = names.map(\.percentDecodedWherePossible)
                let code = Data("\(words[0]):\(words.count > 1 ? words[1] : "")".utf8).base64EncodedString()
                authorization = "Basic \(code)"
                secrets.append(code)
            }
        }
        shown = bare
        if isWeb, let query = bare.firstIndex(of: "?") {
            secrets.append(String(bare[query...]))
            shown = String(bare[..<query])
        }
        secrets.removeAll(where: \.isEmpty)
    }
}

extension GitRemote: CustomStringConvertible {
    package var description: String { path.isEmpty ? url : "\(path) of \(url)" }
}
