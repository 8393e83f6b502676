package import CubeJSON
package import CubeTypes

/// What a source of manifests saw when it looked: a value, without any judgement.
package struct ManifestSnapshot: Hashable, Sendable {
    /// When the look began and ended. Times must come from a clock that does not jump while the program runs.
    package var began: Timestamp
    package var ended: Timestamp
    /// Whether everything was looked at. A partial snapshot says something of the files that it holds, nothing of others.
    package var isPartial: Bool
    /// Whether every directory from the root down was listed without an error. Of no meaning in a partial snapshot.
    package var isComplete: Bool
    /// Whether what was looked at can never be otherwise, as a commit: one look is then as good as many.
    package var isImmutable: Bool
    /// Which directory the root was; `nil` where it could not be opened.
    package var root: RootIdentity?
    /// Whether git was at work, so that files come and go: `index.lock`, `rebase-merge`, `rebase-apply`.
    package var isBusy: Bool
    /// By path relative to the root, with `/`.
    package var files: [BytePath: FileState]
    /// What could not be listed, and other trouble that belongs to no file.
    package var problems: [Diagnostic]
    /// What is doubtful in files that are read nevertheless, or was left aside and may have been meant.
    package var warnings: [Diagnostic]
    /// The directories that lie on another mount than the one that holds them. Of no meaning in a partial snapshot.
    package var mounts: Set<BytePath>
    package var source: SourceRevision

    package init(
        began: Timestamp, ended: Timestamp, isPartial: Bool = false, isComplete: Bool, isImmutable: Bool = false,
        root: RootIdentity?, isBusy: Bool = false, files: [BytePath: FileState], problems: [Diagnostic] = [],
        warnings: [Diagnostic] = [], mounts: Set<BytePath> = [], source: SourceRevision
    ) {
        self.began = began
        self.ended = ended
        self.isPartial = isPartial
        self.isComplete = isComplete
        self.isImmutable = isImmutable
        self.root = root
        self.isBusy = isBusy
        self.files = files
        self.problems = problems
        self.warnings = warnings
        self.mounts = mounts
        self.source = source
    }

    /// Takes in what a partial look saw after this one.
    package mutating func add(_ later: ManifestSnapshot) {
        ended = later.ended
        isBusy = later.isBusy
        root = later.root
        source = later.source
        files.merge(later.files) { $1 }
    }
}

/// What is known of one manifest file.
package enum FileState: Hashable, Sendable {
    /// Without any error; the digest is that of its bytes.
    case readable([Workload], digest: Digest)
    /// With an error: what it declares is not known. It is not absent.
    case unreadable([Diagnostic])
    /// No manifest, but what is said of its directory.
    case group(ManifestGroup)

    /// Reads a ``ManifestGroup/fileName``.
    ///
    /// - Parameter path: relative to the root.
    package init(readingGroup bytes: [UInt8], of path: BytePath) {
        let (group, diagnostics) = ManifestDecoder.decodeGroup(bytes, file: path.text)
        self = diagnostics.isEmpty ? .group(group) : .unreadable(diagnostics)
    }
}

/// What the manifests were read from, whatever its path.
package enum RootIdentity: Hashable, Sendable {
    /// A directory of this machine.
    case directory(device: UInt64, inode: UInt64)
    /// A repository: the same for all of its commits.
    case repository(SourceID)
}

extension RootIdentity {
    /// As the manager keeps it.
    var text: String {
        switch self {
        case .directory(let device, let inode): "directory:\(device):\(inode)"
        case .repository(let source): "repository:\(source)"
        }
    }
}

/// Where manifests come from, and which state of it.
package struct SourceRevision: Codable, Hashable, Sendable {
    /// `directory` or `git`.
    package var kind: String
    /// The directory; of `git` relative to the root of the repository, which is empty.
    package var path: String
    /// The commit that is checked out, where git has the directory; of `git` the one that the manifests are read from.
    package var commit: String?
    /// Whether files differ from the commit.
    package var dirty: Bool?
    /// Of `git`: the repository, without what gives access to it, and the branch, where one was named.
    package var url: String?
    package var branch: String?

    package init(
        kind: String = "directory", path: String, commit: String? = nil, dirty: Bool? = nil, url: String? = nil,
        branch: String? = nil
    ) {
        self.kind = kind
        self.path = path
        self.commit = commit
        self.dirty = dirty
        self.url = url
        self.branch = branch
    }
}
