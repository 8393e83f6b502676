import CubeCore
import CubeErrors
import CubeSystem
import CubeText
import CubeTypes
import Logging
import SystemPackage

/// The loop that decides: woken by the loops that watch, it makes a pass over what it holds, writes what it sees and carries
/// out what is due.
struct ReconcileLoop {
    /// How long after files could not be written they are tried again.
    private static let storageRetry: Duration = .seconds(5)
    /// What a pass has not sent by then is decided anew: how things are is told at least so often.
    static let passDeadline: Duration = .seconds(60)
    /// Passes that time alone asks for are at least so far apart.
    private static let shortestSleep: Duration = .milliseconds(50)

    private let world: ReconcilerWorld
    private let memory: ReconcilerMemory
    /// What was said last of what keeps the whole from going on.
    private var told: [String: String] = [:]
    private let files: StatusFiles
    private let lease: LeaseKeeper
    private let sourceFeed: any ManifestFeed
    private let clusterFeed: ClusterFeed
    private let state: ReconcilerState
    private let rescan: Duration
    private let observesOnly: Bool
    private let logger: Logger
    private let inbox: Inbox
    /// Rung for a look at the source now.
    private let bell: Bell

    private var identity: ReconcilerMemory.Identity
    private var reconciliation: Reconciliation
    /// Why the cluster is not seen; `nil` while it is.
    private var outage: APIError?
    private var leaseState: LeaseKeeper.Answer?
    private var wakeAt: Timestamp?
    /// What is remembered changed and is not written yet.
    private var unsaved: (names: Bool, window: Bool) = (false, false)
    /// When everything was decided last, also what did not change.
    private var consideredAll: Timestamp
    private var isFullPassDue = false
    private var hasPassedOverAll = false
    /// The revision of the last directive to look at the source that was heeded.
    private var lastLook = 0

    init(
        _ options: ReconcilerOptions, _ world: ReconcilerWorld, memory: ReconcilerMemory,
        identity: ReconcilerMemory.Identity, journal: Journal, lease: LeaseKeeper, state: ReconcilerState,
        bell: Bell, inbox: Inbox, logger: Logger
    ) async {
        self.world = world
        self.memory = memory
        self.identity = identity
        self.lease = lease
        self.state = state
        self.inbox = inbox
        self.bell = bell
        self.logger = logger
        rescan = options.rescan
        observesOnly = options.observesOnly
        consideredAll = world.now()
        files = StatusFiles(directory: options.directory, files: world.files, logger: logger)
        sourceFeed = Self.feed(options, world, bell, logger)
        clusterFeed = ClusterFeed(
            world.cluster, known: identity.cluster, owner: options.owner, backoff: Backoff(random: world.random),
            clock: world.clock)
        let (reports, summary) = await files.load()
        var planner = Planner(
            owner: options.owner, wording: \.command, memory: memory.names, window: memory.window(at: world.present),
            reports: reports,
            summary: summary)
        planner.savedPlan = options.savedPlan
        planner.limits = options.limits
        reconciliation = Reconciliation(
            planner,
            executor: Executor(
                cluster: world.cluster, owner: options.owner, journal: journal, state: state, now: world.now,
                logger: logger))
    }

    private static func feed(
        _ options: ReconcilerOptions, _ world: ReconcilerWorld, _ bell: Bell, _ logger: Logger
    ) -> any ManifestFeed {
        switch options.origin {
        case .directory(let path):
            let watcher = DirectoryWatcher.make()
            return SourceFeed(
                DirectorySource(path, files: world.files, watcher: watcher, git: world.git, now: world.now),
                watcher: watcher,
                pace: SourceFeed.Pace(rescan: options.rescan), clock: world.clock, now: world.now, logger: logger)
        case .git(let origin):
            let source = GitSource(
                origin.remote, signers: origin.signers, directory: options.directory.pushing("reconciler/git"),
                git: world.git, patience: origin.patience, now: world.now, logger: logger)
            return GitFeed(
                source, pace: GitFeed.Pace(poll: origin.poll), bell: bell, clock: world.clock, random: world.random)
        }
    }

    /// Runs until it is cancelled.
    mutating func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [sourceFeed, inbox] in await sourceFeed.run(into: inbox) }
            group.addTask { [clusterFeed, inbox] in await clusterFeed.run(into: inbox) }
            if !observesOnly { group.addTask { [lease, inbox] in await lease.run(into: inbox) } }
            while !Task.isCancelled {
                let sleep = wakeAt.map { max($0 - world.now(), Self.shortestSleep) }
                await inbox.bell.wait(atMost: sleep, on: world.clock)
                let isDue = wakeAt.map { $0 <= world.now() } ?? false
                if takeNews() || isDue, canJudge, !Task.isCancelled { await pass() }
            }
            group.cancelAll()
        }
    }

    /// Whether the manifests were read and the manager answered, or did not: before that, nothing can be said, and what an
    /// earlier process said stands.
    private var canJudge: Bool {
        reconciliation.planner.desired.isKnown
            && (outage != nil || (reconciliation.position != nil && (leaseState != nil || observesOnly)))
    }

    // MARK: News

    /// - Returns: whether any of it may change a decision.
    private mutating func takeNews() -> Bool {
        let news = inbox.take()
        var isRelevant = news.hasSource
        for snapshot in [news.source, news.laterSource].compactMap({ $0 }) {
            reconciliation.update { $0.update(snapshot) }
            if !snapshot.isPartial, snapshot.isComplete { state.count { $0.sourceListedAt = snapshot.ended } }
        }
        // With each rescan; where nothing tells of changes these are many, and not all of them are worth it.
        if news.isRescanned, world.now() - consideredAll >= rescan / 2 { isFullPassDue = true }
        if let cluster = news.cluster {
            if take(cluster) { isRelevant = true }
            clusterFeed.goOn(from: outage == nil ? reconciliation.position : nil)
            inbox.finishCluster()
        }
        if let limits = news.limits {
            isRelevant = isRelevant || limits != reconciliation.planner.limits
            reconciliation.update { $0.limits = limits }
        }
        if let lease = news.lease {
            isRelevant = isRelevant || !lease.isSame(as: leaseState)
            leaseState = lease
        }
        return isRelevant
    }

    private mutating func take(_ news: Inbox.ClusterNews) -> Bool {
        switch news {
        case .listed(let list):
            outage = nil
            reconciliation.take(list)
            heedLooks()
            remember(list.cluster)
            logger.info("manager is seen", metadata: ["cluster": "\(list.cluster)", "term": "\(list.term)"])
            return true
        case .changed(let changes):
            defer { heedLooks() }
            return reconciliation.take(changes)
        case .away(let error):
            // Each try may word it differently: it is one outage as long as its reason is the same.
            guard outage?.reason != error.reason else { return false }
            outage = error
            logger.warning("manager is not seen; tasks go on", metadata: ["error": "\(error)"])
            return true
        }
    }

    /// Looks at the source where somebody asked for it since.
    private mutating func heedLooks() {
        let asked =
            (reconciliation.planner.observed?.owner?.directives ?? [])
            .filter { $0.verb == .look && $0.subject == identity.source.rawValue }.map(\.revision).max() ?? 0
        guard asked > lastLook else { return }
        lastLook = asked
        bell.ring()
    }

    private mutating func remember(_ cluster: ClusterID) {
        guard identity.cluster == nil else { return }
        identity.cluster = cluster
        do throws(FileError) { try memory.save(identity) } catch {
            logger.error("cannot write down the cluster's id", metadata: ["error": "\(error)"])
        }
    }

    // MARK: The pass

    private mutating func pass() async {
        let began = world.now()
        let result = await decideAndAct()
        let duration = world.now() - began
        state.count { $0.passed(result, in: duration) }
    }

    private mutating func decideAndAct() async -> ReconcilerFigures.PassResult {
        let plannerAccess = plannerAccess
        reconciliation.update { $0.access = plannerAccess }
        if isFullPassDue { await considerAll() }
        var plan = reconciliation.pass(at: world.now())
        let problem = await record(plan)
        reconciliation.update { $0.isStorageWritable = problem == nil }
        if problem != nil, plan.actions.contains(where: { $0.verb == .stop }) {
            // Decided anew: what would be stopped is held, and that is told wherever it can be.
            plan = reconciliation.pass(at: world.now())
            _ = await record(plan)
        }
        wakeAt = [plan.wakeAt, problem.map { _ in world.now() + Self.storageRetry }].compactMap { $0 }.min()
        state.publish(plan, storageProblem: problem.map(String.init(describing:)))
        tell(plan.summary.conditions, problem)
        sourceFeed.list(at: plan.listAt)
        lease.tell(plan.holds)
        guard case .held(let fence) = leaseState, !plan.actions.isEmpty else { return outage == nil ? .idle : .blind }
        return await carryOut(plan, fence: fence)
    }

    /// Says what became of the whole, once: what keeps it from going on, and that this is over.
    private mutating func tell(_ conditions: [Condition], _ problem: FileError?) {
        var new: [String: String] = [:]
        for condition in conditions where condition.status && ![.ready, .reconciling].contains(condition.type) {
            new["\(condition.type.rawValue): \(condition.reason)"] = condition.message
        }
        if let problem { new["The status cannot be written."] = "\(problem)" }
        for (what, message) in new.sorted(by: { $0.key < $1.key }) where told[what] != message {
            logger.warning("\(what)", metadata: ["message": "\(message)"])
        }
        for what in told.keys.sorted() where new[what] == nil { logger.info("No longer so. \(what)") }
        told = new
    }

    /// Decides everything anew, which changes nothing unless something went wrong before; and writes again the files that
    /// somebody took away.
    private mutating func considerAll() async {
        isFullPassDue = false
        consideredAll = world.now()
        reconciliation.update { $0.reconsider() }
        let view = state.view
        guard let summary = view.summary, let missing = await files.takeMissing() else { return }
        let reports = view.workloads.filter { missing.contains($0.key) }.mapValues(Optional.some)
        _ = await files.write(summary, reports)
    }

    /// Why the planner may not act, or does not see.
    private var plannerAccess: WriteAccess {
        if let outage { return .blind(reason: outage.reason.rawValue, message: outage.message) }
        if observesOnly { return .observing }
        switch leaseState {
        case .held: return .writing
        case .refused(let error): return .watching(reason: error.reason.rawValue, message: error.message)
        case nil: return .watching(reason: "lease_pending", message: "the owner's lease was not taken yet")
        }
    }

    /// Writes down what a plan says, before anything of it is done.
    ///
    /// - Returns: what keeps it from being written.
    private mutating func record(_ plan: Plan) async -> FileError? {
        var problem: FileError?
        unsaved = (unsaved.names || plan.memoryChanged, unsaved.window || plan.windowChanged)
        do throws(FileError) {
            if unsaved.names { try memory.save(reconciliation.planner.desired.memory) }
            unsaved.names = false
            if unsaved.window { try memory.save(reconciliation.planner.window, at: world.present) }
            unsaved.window = false
        } catch {
            problem = error
        }
        problem = await files.write(plan.summary, plan.reports) ?? problem
        if !hasPassedOverAll, outage == nil {
            hasPassedOverAll = true
            problem = await files.keepOnly(Set(plan.reports.filter { $0.value != nil }.keys)) ?? problem
        }
        return problem
    }

    private mutating func carryOut(_ plan: Plan, fence: Int) async -> ReconcilerFigures.PassResult {
        var result = ReconcilerFigures.PassResult.acted
        let deadline = world.now() + Self.passDeadline
        do {
            try await reconciliation.carryOut(plan, fence: fence) { [inbox, world] in
                if world.now() >= deadline { result = .overdue }
                return result == .overdue || inbox.hasSource || Task.isCancelled
            }
        } catch {
            result = .brokenOff
            let error = APIError(wrapping: error)
            logger.warning("a plan broke off", metadata: ["error": "\(error)"])
            if error.concernsLease {
                leaseState = .refused(error)
                lease.lost(fence: fence)
            }
        }
        if result == .overdue {
            logger.warning("calls took longer than \(Self.passDeadline.text); the rest of the plan is decided anew")
        }
        clusterFeed.goOn(from: reconciliation.position)
        wakeAt = world.now()
        return result
    }
}
