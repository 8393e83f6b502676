package import CubeCore
import CubeSystem
package import CubeTypes
package import SystemPackage

/// The configuration of a reconciler.
package struct ReconcilerOptions: Sendable {
    package var owner: OwnerName
    package var origin: ManifestOrigin
    /// The data directory. The caller must hold the lock of its folder `reconciler`.
    package var directory: FilePath
    /// The holder of the lease, for display: host, process and directory.
    package var holder: String
    /// The interval between complete scans, which find changes that the watcher missed.
    package var rescan: Duration
    /// Whether the reconciler only observes: it writes drift and status, but takes no lease and changes nothing.
    package var observesOnly: Bool
    /// The saved plan to carry out, if the reconciler should do nothing else.
    package var savedPlan: PlanDocument?
    /// How many names may be pruned per window without an approval. The manager's limits stay in effect where none is given.
    package var limits: GuardLimits.Choice

    package init(
        owner: OwnerName = .default, origin: ManifestOrigin, directory: FilePath, holder: String,
        rescan: Duration = .seconds(60), observesOnly: Bool = false, savedPlan: PlanDocument? = nil,
        limits: GuardLimits.Choice = GuardLimits.Choice()
    ) {
        self.owner = owner
        self.origin = origin
        self.directory = directory
        self.holder = holder
        self.rescan = rescan
        self.observesOnly = observesOnly
        self.savedPlan = savedPlan
        self.limits = limits
    }
}

/// The origin of manifests.
package enum ManifestOrigin: Sendable {
    /// A directory of this machine.
    case directory(FilePath)
    case git(GitOrigin)

    /// The identity of the source if the origin determines it; `nil` if it is stored in the data directory.
    package var sourceID: SourceID? {
        if case .git(let origin) = self { origin.remote.sourceID } else { nil }
    }
}

extension ManifestOrigin: CustomStringConvertible {
    /// A short description without credentials.
    package var description: String {
        switch self {
        case .directory(let path): path.string
        case .git(let origin): origin.remote.description
        }
    }
}

/// A remote repository and the options for following it.
package struct GitOrigin: Sendable {
    package var remote: GitRemote
    /// The signers whose commits are accepted; `nil` accepts all commits.
    package var signers: CommitSigners?
    /// The approximate interval between two requests to the remote.
    package var poll: Duration
    package var patience = GitSource.Patience()

    package init(_ remote: GitRemote, signers: CommitSigners? = nil, poll: Duration = .seconds(60)) {
        self.remote = remote
        self.signers = signers
        self.poll = poll
    }
}

/// The dependencies of a reconciler, which tests can replace.
package struct ReconcilerWorld: Sendable {
    package var cluster: any ClusterWriter
    package var files: any WritableFileSystem
    package var clock: any Clock<Duration>
    /// Returns a time that never jumps while the program runs.
    package var now: @Sendable () -> Timestamp
    package var random: @Sendable () -> UInt64
    package var git: GitProgram
    /// Delivers notices; `nil` sends none.
    package var notices: (any NoticeSender)?
    /// Finds newer images; `nil` looks for none.
    package var images: (any ImageRegistry)?
    /// Creates the executor of an actor whose jobs block on files or programs, from its label.
    package var executor: @Sendable (String) -> any SerialExecutor

    package init(
        cluster: any ClusterWriter, files: any WritableFileSystem = LocalFileSystem(),
        clock: any Clock<Duration> = BootClock.timer, now: @escaping @Sendable () -> Timestamp,
        random: @escaping @Sendable () -> UInt64, git: GitProgram = GitProgram(environment: [:]),
        notices: (any NoticeSender)? = nil, images: (any ImageRegistry)? = nil,
        executor: @escaping @Sendable (String) -> any SerialExecutor = { BlockingExecutor($0) }
    ) {
        self.cluster = cluster
        self.files = files
        self.clock = clock
        self.now = now
        self.random = random
        self.notices = notices
        self.images = images
        self.git = git
        self.executor = executor
    }
}
