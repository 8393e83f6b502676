import ArgumentParser
import CubeReconciler
import CubeTypes
import SystemPackage

/// A repository to follow in place of a directory.
struct GitOptions: ParsableArguments {
    @Option(
        name: .customLong("git"),
        help: ArgumentHelp(
            "A git repository to follow, in place of a directory: a URL of https, http, ssh, git or file, HOST:PATH, or a path. "
                + "Of the environment, git sees how a remote is reached: GIT_ASKPASS, SSH_ASKPASS, SSH_AUTH_SOCK, GIT_SSH, "
                + "GIT_SSH_COMMAND, GIT_SSL_*, http_proxy and its like. (CUBE_GIT)", valueName: "url"))
    var urlOption: String?

    @Option(help: ArgumentHelp("The branch to follow. (default: the remote's own)", valueName: "branch"))
    var branch: String?

    @Option(help: ArgumentHelp("The directory of manifests in the repository. (default: its root)", valueName: "dir"))
    var path: String?

    @Option(
        help: ArgumentHelp(
            "A tag, or the full id of a commit, in place of a branch. Without --git, where one only looks: any commit of "
                + "the repository that the directory lies in.", valueName: "rev"))
    var revision: String?

    @Option(
        help: ArgumentHelp("How often the remote is asked, about. At least 1s; default 60s.", valueName: "duration"),
        transform: Duration.parse)
    var poll: Duration?

    @Flag(help: "Take only commits with a valid signature, by GPG or, with --allowed-signers, SSH.")
    var verifySignatures = false

    @Option(
        help: ArgumentHelp(
            "Whose SSH signatures are valid: the file that `ssh-keygen` calls ALLOWED SIGNERS.", valueName: "file"),
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
        if url == nil, let (name, _) = others.first(where: \.1) { throw ValidationError("\(name) goes with --git") }
        if branch != nil, revision != nil { throw ValidationError("--branch and --revision exclude each other") }
        if allowedSigners != nil, !verifySignatures {
            throw ValidationError("--allowed-signers goes with --verify-signatures")
        }
        if let poll, poll < .seconds(1) { throw ValidationError("--poll \(poll.text) is below 1s") }
        for (name, value) in [("--branch", branch), ("--revision", revision)] {
            if url != nil, let value, !Self.isReference(value) {
                throw ValidationError("\(name) \"\(value)\" is no name of git's")
            }
        }
        if path?.split(separator: "/").contains("..") ?? false {
            throw ValidationError("--path \"\(path ?? "")\" leads out of the repository")
        }
    }

    /// The command that shows what is wrong with the manifests that are meant.
    var validation: String {
        let options = [
            ("--git", url.map { GitRemote(url: $0, reference: .standard, path: "").url }), ("--branch", branch),
            ("--path", path), ("--revision", revision),
        ]
        return (["cube validate"] + options.compactMap { name, value in value.map { "\(name) \($0)" } })
            .joined(separator: " ")
    }

    /// The commit of the directory's own repository that is meant, where none other is named.
    var localRevision: String? { url == nil ? revision : nil }

    /// Where the manifests come from.
    ///
    /// - Throws: where the file of signers is missing: nothing would ever be accepted.
    func origin(else directory: FilePath) throws -> ManifestOrigin {
        guard let url else {
            guard revision == nil else { throw ValidationError("--revision goes with --git here") }
            return .directory(directory)
        }
        let signers = allowedSigners.map(FilePath.absolute)
        // What git is given must not block it.
        if let signers, try AtomicFile.read(signers) == nil { throw Failure("\(signers): there is no such file") }
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

    /// A name without what git puts before it in full.
    private static func short(_ name: String, _ prefix: String) -> String {
        name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
    }

    /// A path of this machine is one from here; `host:path` and URLs are what they are.
    private static func absolute(_ url: String) -> String {
        let isElsewhere = url.contains("://") || url.prefix { $0 != "/" }.contains(":")
        return isElsewhere ? url : FilePath.absolute(url).string
    }

    /// What git takes for the name of a branch or tag.
    private static func isReference(_ name: String) -> Bool {
        !name.isEmpty && !name.hasPrefix("-") && !name.hasPrefix("/") && !name.hasSuffix("/") && !name.contains("..")
            && !name.contains("@{")
            && name.unicodeScalars.allSatisfy {
                $0.value > 32 && $0.value != 127 && !"~^:?*[\\".unicodeScalars.contains($0)
            }
    }
}
