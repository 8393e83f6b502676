import ArgumentParser
import CubeReconciler
import CubeTypes
import SystemPackage

/// A git repository to follow instead of a local directory.
struct GitOptions: ParsableArguments {
    @Option(
        name: .customLong("git"),
        help: ArgumentHelp(
            "Git repository to follow instead of a local directory: an https, http, ssh, git or file URL, HOST:PATH, or a path. "
                + "git receives GIT_ASKPASS, SSH_ASKPASS, SSH_AUTH_SOCK, GIT_SSH, GIT_SSH_COMMAND, GIT_SSL_* and the proxy "
                + "variables from the environment. (CUBE_GIT)", valueName: "url"))
    var urlOption: String?

    @Option(help: ArgumentHelp("Branch to follow. (default: the default branch of the remote)", valueName: "branch"))
    var branch: String?

    @Option(help: ArgumentHelp("Directory of the manifests in the repository. (default: the root)", valueName: "dir"))
    var path: String?

    @Option(
        help: ArgumentHelp(
            "Tag or full commit id to use instead of a branch. Without --git, commands that change nothing accept any "
                + "revision of the repository that contains the manifests directory.", valueName: "rev"))
    var revision: String?

    @Option(
        help: ArgumentHelp(
            "Approximate interval between two polls of the remote; at least 1s. (default: 60s)", valueName: "duration"),
        transform: Duration.parse)
    var poll: Duration?

    @Flag(help: "Accept only commits with a valid signature: GPG, or SSH with --allowed-signers.")
    var verifySignatures = false

    @Option(
        help: ArgumentHelp(
            "File with the accepted SSH keys, in the ALLOWED SIGNERS format of ssh-keygen(1).", valueName: "file"),
        completion: .file())
    var allowedSigners: String?

    func validate() throws {
        let others: [(String, Bool)] = [
            ("--branch", branch != nil), ("--path", path != nil),
            ("--poll", poll != nil), ("--verify-signatures", verifySignatures),
        ]
        if let url, let refusal = GitRemote.refusal(of: url) {
            throw ValidationError("\(urlOption == nil ? "CUBE_GIT" : "--git") \(refusal)")
        }
        if url == nil, let (name, _) = others.first(where: \.1) { throw ValidationError("\(name) requires --git") }
        if branch != nil, revision != nil { throw ValidationError("--branch and --revision cannot be combined") }
        if allowedSigners != nil, !verifySignatures {
            throw ValidationError("--allowed-signers requires --verify-signatures")
        }
        if let poll, poll < .seconds(1) { throw ValidationError("--poll \(poll.text) is below 1s") }
        for (name, value) in [("--branch", branch), ("--revision", revision)] {
            if url != nil, let value, !Self.isReference(value) {
                throw ValidationError("\(name) \"\(value)\" is not a valid git ref name")
            }
        }
        if path?.split(separator: "/").contains("..") ?? false {
            throw ValidationError("--path \"\(path ?? "")\" points outside the repository")
        }
    }

    /// The `cube validate` command that checks the manifests that these options select.
    var validation: String {
        let options = [
            ("--git", url.map { GitRemote(url: $0, reference: .standard, path: "").url }), ("--branch", branch),
            ("--path", path), ("--revision", revision),
        ]
        return (["cube validate"] + options.compactMap { name, value in value.map { "\(name) \($0)" } })
            .joined(separator: " ")
    }

    /// The revision in the repository that contains the manifests directory; `nil` if `--git` names another repository.
    var localRevision: String? { url == nil ? revision : nil }

    /// The origin of the manifests.
    ///
    /// - Throws: A `Failure` if the file of allowed signers is missing, because git would then reject every commit.
    func origin(else directory: FilePath) throws -> ManifestOrigin {
        guard let url else {
            guard revision == nil else { throw ValidationError("--revision requires --git here") }
            return .directory(directory)
        }
        let signers = allowedSigners.map(FilePath.absolute)
        // Reading the file also rejects special files, such as a FIFO, which would block git.
        if let signers, try NamedFile.read(signers) == nil { throw Failure("\(signers): no such file") }
        return .git(
            GitOrigin(
                GitRemote(url: Self.absolute(url), reference: reference, path: path ?? ""),
                signers: verifySignatures ? signers.map(CommitSigners.file) ?? .keyring : nil,
                poll: poll ?? .seconds(60)))
    }

    var url: String? { urlOption ?? Environment.value("CUBE_GIT") }

    private var reference: GitRemote.Reference {
        if let branch { return .branch(Self.short(branch, "refs/heads/")) }
        guard let revision else { return .standard }
        let isID = [40, 64].contains(revision.utf8.count) && revision.allSatisfy(\.isHexDigit)
        if isID { return .commit(revision.lowercased()) }
        let isBranch = revision.hasPrefix("refs/heads/")
        return isBranch ? .branch(Self.short(revision, "refs/heads/")) : .tag(Self.short(revision, "refs/tags/"))
    }

    /// A ref name without its full prefix, such as `refs/heads/`.
    private static func short(_ name: String, _ prefix: String) -> String {
        name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
    }

    /// Makes a local path absolute. Leaves URLs and `host:path` unchanged.
    private static func absolute(_ url: String) -> String {
        let isElsewhere = url.contains("://") || url.prefix { $0 != "/" }.contains(":")
        return isElsewhere ? url : FilePath.absolute(url).string
    }

    /// Whether git accepts the name as a branch or tag name.
    private static func isReference(_ name: String) -> Bool {
        !name.isEmpty && !name.hasPrefix("-") && !name.hasPrefix("/") && !name.hasSuffix("/") && !name.contains("..")
            && !name.contains("@{")
            && name.unicodeScalars.allSatisfy {
                $0.value > 32 && $0.value != 127 && !"~^:?*[\\".unicodeScalars.contains($0)
            }
    }
}
