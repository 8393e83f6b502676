package import CubeCore
package import CubeTypes
import FoundationEssentials

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
    /// As git is told it. Whoever looks at the arguments of processes sees it, as git hands it to its helpers.
    let publicURL: String
    /// What gives access, as the value of the header field `Authorization`; it never leaves this process but in git's environment.
    let authorization: String?
    /// What must not be seen of the URL.
    let secrets: [String]

    /// - Parameter url: whatever git takes, also with a user and a password or token in it.
    package init(url: String, reference: Reference, path: String) {
        let parts = URLParts(url)
        (self.url, publicURL) = (parts.shown, parts.bare)
        authorization = parts.authorization
        secrets = parts.secrets
        self.reference = reference
        self.path = path.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    }

    /// The branch that is followed, for people; `nil` where it is the standard one or none.
    package var branch: String? {
        if case .branch(let name) = reference { name } else { nil }
    }

    /// The protocols that git may use, by the names that it has for them.
    static let protocols = ["https", "http", "ssh", "git", "file"]

    /// Why a URL is refused, as a sentence that follows it; `nil` where it is not. What is refused has git run a program, reads
    /// a descriptor of ours, or is no URL.
    package static func refusal(of url: String) -> String? {
        let allowed = "\(protocols.dropLast().map { "\($0)://" }.joined(separator: ", ")), file:// or a path"
        if url.isEmpty { return "is empty; it takes \(allowed)" }
        if url.hasPrefix("-") { return "begins with a hyphen, which git takes for an option" }
        if url.unicodeScalars.contains(where: { $0.value < 32 || $0.value == 127 }) {
            return "contains a control character"
        }
        let word = url.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "+-.".contains($0)) }
        let rest = url.dropFirst(word.count)
        if rest.hasPrefix("::") {
            return "names the remote helper \"\(word)\", which is a program; it takes \(allowed)"
        }
        guard rest.hasPrefix("://") else { return nil }
        let known = protocols + ["git+ssh", "ssh+git"]
        return known.contains(word.lowercased()) ? nil : "has the protocol \"\(word)\"; it takes \(allowed)"
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

    /// The setting of git that gives access, and to whom alone: a server that sends us elsewhere does not get it along.
    var access: (key: String, value: String)? {
        guard let authorization, let scheme = publicURL.firstRange(of: "://") else { return nil }
        let host = publicURL[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" }
        return ("http.\(publicURL[..<scheme.upperBound])\(host)/.extraHeader", "Authorization: \(authorization)")
    }
}

/// A URL, taken apart. Over HTTP whoever is named in it may be a token; elsewhere only a password is a secret.
private struct URLParts {
    /// Without what gives access.
    var shown: String
    /// The same, with the query.
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
                let words = names.map(\.percentDecoded)
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

extension Substring {
    /// With what is written as `%XX`; what is not understood stays.
    fileprivate var percentDecoded: String {
        var bytes: [UInt8] = []
        var rest = Array(utf8)[...]
        while let byte = rest.popFirst() {
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            if byte == UInt8(ascii: "%"), digits.utf8.count == 2, let value = UInt8(digits, radix: 16) {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension GitRemote: CustomStringConvertible {
    package var description: String { path.isEmpty ? url : "\(path) of \(url)" }
}
