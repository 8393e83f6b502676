package import CubeCore
package import CubeTypes
package import SystemPackage

/// Whose manifests are reconciled, and where from.
package struct ReconcilerOptions: Sendable {
    package var owner: OwnerName
    /// The directory of manifests.
    package var manifests: FilePath
    /// The data directory; its folder `reconciler` must be locked by the caller.
    package var directory: FilePath
    /// Who holds the lease, for people: host, process and directory.
    package var holder: String
    /// How often everything is looked at, in case that a change was missed.
    package var rescan: Duration
    /// The saved plan that is to be carried out, and nothing but that.
    package var contract: PlanDocument?

    package init(
        owner: OwnerName = .default, manifests: FilePath, directory: FilePath, holder: String,
        rescan: Duration = .seconds(60), contract: PlanDocument? = nil
    ) {
        self.owner = owner
        self.manifests = manifests
        self.directory = directory
        self.holder = holder
        self.rescan = rescan
        self.contract = contract
    }
}

/// What a reconciler stands on: the world outside of it, which a test can replace.
package struct ReconcilerWorld: Sendable {
    package var cluster: any ClusterWriter
    package var files: any WritableFileSystem
    package var clock: any Clock<Duration>
    /// A time that does not jump while the program runs.
    package var now: @Sendable () -> Timestamp
    package var random: @Sendable () -> UInt64

    package init(
        cluster: any ClusterWriter, files: any WritableFileSystem = LocalFileSystem(),
        clock: any Clock<Duration> = ContinuousClock(), now: @escaping @Sendable () -> Timestamp,
        random: @escaping @Sendable () -> UInt64
    ) {
        self.cluster = cluster
        self.files = files
        self.clock = clock
        self.now = now
        self.random = random
    }
}
