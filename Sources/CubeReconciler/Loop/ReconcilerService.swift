package import CubeCore
import CubeErrors
import CubeSystem
package import CubeTypes
package import Logging
import ServiceLifecycle

/// Reconciles the cluster with the manifests until shutdown.
package struct ReconcilerService: Service {
    package let state = ReconcilerState()
    private let options: ReconcilerOptions
    private let world: ReconcilerWorld
    private let logger: Logger
    private let bell = Bell()
    private let inbox = Inbox()

    package init(_ options: ReconcilerOptions, world: ReconcilerWorld, logger: Logger) {
        self.options = options
        self.world = world
        self.logger = logger
    }

    /// Signals that the remote may have a new commit. A git source then polls at once.
    package func lookNow() { bell.ring() }

    /// Changes how many names may be pruned per window without an approval.
    package func use(_ limits: GuardLimits.Choice) { inbox.put(limits) }

    /// - Throws: If the data directory is not writable at the start.
    package func run() async throws {
        let memory = ReconcilerMemory(directory: options.directory, files: world.files, logger: logger)
        let identity = try memory.identity(of: options.origin.sourceID, random: world.random)
        let journal = Journal(
            directory: options.directory, files: world.files, logger: logger,
            executor: world.executor("cube.journal"))
        let lease = LeaseKeeper(
            world.cluster, owner: options.owner, holder: options.holder, source: identity.source,
            id: String(world.random(), radix: 16), last: memory.fence, limits: options.limits,
            clock: world.clock
        ) { [logger] fence in
            do throws(FileError) { try memory.save(fence: fence) } catch {
                logger.warning(
                    "cannot save the fence; the next start may have to wait until the lease expires",
                    metadata: ["error": "\(error)"])
            }
        }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await journal.run() }
            if let sender = world.notices {
                let notifier = Notifier(
                    sender: sender, state: state, memory: memory, clock: world.clock, logger: logger)
                group.addTask { await cancelWhenGracefulShutdown { await notifier.run() } }
            }
            await cancelWhenGracefulShutdown {
                var loop = await ReconcileLoop.open(
                    options, world, memory: memory, identity: identity, journal: journal, lease: lease, state: state,
                    bell: bell, inbox: inbox, logger: logger)
                await loop.run()
            }
            journal.finish()
        }
        // If the manager is unreachable, the lease expires on its own.
        try? await lease.release()
    }
}
