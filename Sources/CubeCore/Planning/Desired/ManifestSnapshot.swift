package import CubeJSON
package import CubeTypes

/// The result of one look at a source of manifests: a plain value, without any judgement.
package struct ManifestSnapshot: Hashable, Sendable {
    /// The times at which the look began and ended, from a clock that does not jump while the program runs.
    package var began: Timestamp
    package var ended: Timestamp
    /// Whether only a part of the source was looked at. A partial snapshot says nothing about files that it does not contain.
    package var isPartial: Bool
    /// Whether every directory from the root down was listed without an error. Meaningless in a partial snapshot.
    package var isComplete: Bool
    /// Whether the source can never change, as a commit cannot. One look is then as good as many.
    package var isImmutable: Bool
    /// The identity of the root; `nil` if the root could not be opened.
    package var root: RootIdentity?
    /// Whether a git operation was in progress, during which files come and go. It shows as `index.lock`, `rebase-merge` or
    /// `rebase-apply`.
    package var isBusy: Bool
    /// The files, by path relative to the root, with `/` as separator.
    package var files: [BytePath: FileState]
    /// Directories that could not be listed, and other problems that belong to no file.
    package var problems: [Diagnostic]
    /// Warnings about doubtful content of readable files, and about ignored files that may have been meant as manifests.
    package var warnings: [Diagnostic]
    /// The directories that are mount points below the root. Meaningless in a partial snapshot.
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

    /// Merges a later, partial snapshot into this one.
    package mutating func add(_ later: ManifestSnapshot) {
        ended = later.ended
        isBusy = later.isBusy
        root = later.root
        source = later.source
        files.merge(later.files) { $1 }
    }
}

/// The state of one manifest file.
package enum FileState: Hashable, Sendable {
    /// The file has no errors. The digest is that of its bytes.
    case readable([Workload], digest: Digest)
    /// The file has an error, so its declarations are not known. They do not count as absent.
    case unreadable([Diagnostic])
    /// The file is not a manifest, but describes the group that its directory forms.
    case group(ManifestGroup)

    /// Decodes a ``ManifestGroup/fileName``.
    ///
    /// - Parameter path: the path of the file relative to the root.
    package init(readingGroup bytes: [UInt8], of path: BytePath) {
        let (group, diagnostics) = ManifestDecoder.decodeGroup(bytes, file: path.text)
        self = diagnostics.isEmpty ? .group(group) : .unreadable(diagnostics)
    }
}

/// The identity of the place that manifests are read from, independent of its path.
package enum RootIdentity: Hashable, Sendable {
    /// A directory on this machine.
    case directory(device: UInt64, inode: UInt64)
    /// A repository. All of its commits have the same identity.
    case repository(SourceID)
}

extension RootIdentity {
    /// The form in which the manager stores the identity.
    var text: String {
        switch self {
        case .directory(let device, let inode): "directory:\(device):\(inode)"
        case .repository(let source): "repository:\(source)"
        }
    }
}

/// The place that manifests come from, and its revision.
package struct SourceRevision: Codable, Hashable, Sendable {
    /// `directory` or `git`.
    package var kind: String
    /// The directory. For `git`, it is relative to the root of the repository, and empty for the root itself.
    package var path: String
    /// The commit that is checked out, if the directory belongs to a git repository. For `git`, the commit that the manifests are
    /// read from.
    package var commit: String?
    /// Whether files differ from the commit.
    package var dirty: Bool?
    /// For `git`: the URL of the repository without credentials, and the branch if one was given.
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
