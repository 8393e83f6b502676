package import CubeCore
import CubeSystem
package import CubeTypes
package import SystemPackage

/// Whose manifests are reconciled, and where from.
package struct ReconcilerOptions: Sendable {
    package var owner: OwnerName
    package var origin: ManifestOrigin
    /// The data directory; its folder `reconciler` must be locked by the caller.
    package var directory: FilePath
    /// Who holds the lease, for people: host, process and directory.
    package var holder: String
    /// How often everything is looked at, in case that a change was missed.
    package var rescan: Duration
    /// Whether it only looks: drift and status are written, no lease is taken and nothing is changed.
    package var observesOnly: Bool
    /// The saved plan that is to be carried out, and nothing but that.
    package var savedPlan: PlanDocument?
    /// How many names may be pruned within a while without a person's word; at the start.
    package var limits: GuardLimits

    package init(
        owner: OwnerName = .default, origin: ManifestOrigin, directory: FilePath, holder: String,
        rescan: Duration = .seconds(60), observesOnly: Bool = false, savedPlan: PlanDocument? = nil,
        limits: GuardLimits = GuardLimits()
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

/// Where manifests come from.
package enum ManifestOrigin: Sendable {
    /// A directory of this machine.
    case directory(FilePath)
    case git(GitOrigin)

    /// Who it is as a source, where that follows from where it is; `nil` where the data directory says it.
    package var sourceID: SourceID? {
        if case .git(let origin) = self { origin.remote.sourceID } else { nil }
    }
}

extension ManifestOrigin: CustomStringConvertible {
    /// In a few words, without what gives access.
    package var description: String {
        switch self {
        case .directory(let path): path.string
        case .git(let origin): origin.remote.description
        }
    }
}

/// A remote repository, and how it is followed.
package struct GitOrigin: Sendable {
    package var remote: GitRemote
    /// Whose commits count; `nil`: anybody's.
    package var signers: CommitSigners?
    /// How often the remote is asked, about.
    package var poll: Duration
    package var patience = GitSource.Patience()

    package init(_ remote: GitRemote, signers: CommitSigners? = nil, poll: Duration = .seconds(60)) {
        self.remote = remote
        self.signers = signers
        self.poll = poll
    }
}

/// What a reconciler stands on: the world outside of it, which a test can replace.
package struct ReconcilerWorld: Sendable {
    package var cluster: any ClusterWriter
    package var files: any WritableFileSystem
    package var clock: any Clock<Duration>
    /// A time that does not jump while the program runs.
    package var now: @Sendable () -> Timestamp
    /// The present by which moments are stored.
    package var moment: @Sendable () -> DurableInstant
    package var random: @Sendable () -> UInt64
    package var git: GitProgram
    /// `nil`: nobody is told anything.
    package var notices: (any NoticeSender)?

    package init(
        cluster: any ClusterWriter, files: any WritableFileSystem = LocalFileSystem(),
        clock: any Clock<Duration> = BootClock.timer, now: @escaping @Sendable () -> Timestamp,
        moment: (@Sendable () -> DurableInstant)? = nil,
        random: @escaping @Sendable () -> UInt64, git: GitProgram = GitProgram(environment: [:]),
        notices: (any NoticeSender)? = nil
    ) {
        self.cluster = cluster
        self.files = files
        self.clock = clock
        self.now = now
        self.moment = moment ?? { DurableInstant(wall: now()) }
        self.random = random
        self.notices = notices
        self.git = git
    }

    package var present: Present { Present(now: now(), moment: moment()) }
}
