import CubeCore
import CubeErrors
import CubeSystem
import CubeText
import CubeTypes
import Logging
import SystemPackage

/// The reconcile loop. The watching loops wake it; then it plans a pass over the known state, writes status files and
/// carries out the due actions.
struct ReconcileLoop {
    /// The time limit for the calls of a pass. The next pass plans the remaining calls again, so that the status is
    /// updated at least this often.
    static let passDeadline: Duration = .seconds(60)

    private let world: ReconcilerWorld
    private let memory: ReconcilerMemory
    /// The global problems that were logged last.
    private var logged: [String: String] = [:]
    private let files: StatusFiles
    /// What the last plans say and the status files do not say yet.
    private var unwritten = UnwrittenStatus()
    private let lease: LeaseKeeper
    private let sourceFeed: any ManifestFeed
    private let clusterFeed: ClusterFeed
    private let imageFeed: ImageFeed?
    private let state: ReconcilerState
    private let observesOnly: Bool
    private let logger: Logger
    private let inbox: Inbox
    /// Wakes the source feed, which then checks the source at once.
    private let bell: Bell

    private var identity: ReconcilerMemory.Identity
    private var reconciliation: Reconciliation
    private var contact: ClusterContact
    private var schedule: PassSchedule
    private var looks: LookRequests
    private var hasPassedOverAll = false
    /// The error that prevented the last writing of status files.
    private var problem: FileError?

    /// Loads the state of the previous process, and prepares to watch the source.
    static func open(
        _ options: ReconcilerOptions, _ world: ReconcilerWorld, memory: ReconcilerMemory,
        identity: ReconcilerMemory.Identity, journal: Journal, lease: LeaseKeeper, state: ReconcilerState,
        bell: Bell, inbox: Inbox, logger: Logger
    ) async -> ReconcileLoop {
        let files = StatusFiles(
            directory: options.directory, files: world.files, logger: logger,
            executor: world.executor("cube.status-files"))
        let (reports, summary) = await files.load()
        var planner = Planner(
            owner: options.owner, wording: \.command, reports: reports, summary: summary)
        planner.savedPlan = options.savedPlan
        return ReconcileLoop(
            options, world, memory: memory, identity: identity, files: files,
            sourceFeed: feed(options, world, bell, logger),
            reconciliation: Reconciliation(
                planner,
                executor: Executor(
                    cluster: world.cluster, owner: options.owner, journal: journal, state: state, now: world.now,
                    logger: logger)),
            lease: lease, state: state, bell: bell, inbox: inbox, logger: logger)
    }

    private init(
        _ options: ReconcilerOptions, _ world: ReconcilerWorld, memory: ReconcilerMemory,
        identity: ReconcilerMemory.Identity, files: StatusFiles, sourceFeed: any ManifestFeed,
        reconciliation: Reconciliation, lease: LeaseKeeper, state: ReconcilerState, bell: Bell, inbox: Inbox,
        logger: Logger
    ) {
        self.world = world
        self.memory = memory
        self.identity = identity
        self.files = files
        self.sourceFeed = sourceFeed
        self.reconciliation = reconciliation
        self.lease = lease
        self.state = state
        self.inbox = inbox
        self.bell = bell
        self.logger = logger
        observesOnly = options.observesOnly
        contact = ClusterContact(observesOnly: options.observesOnly)
        schedule = PassSchedule(rescan: options.rescan, at: world.now())
        looks = LookRequests(for: identity.source)
        imageFeed = world.images.map { ImageFeed($0, clock: world.clock, now: world.now, logger: logger) }
        clusterFeed = ClusterFeed(
            world.cluster, known: identity.cluster, owner: options.owner, random: world.random,
            clock: world.clock)
    }

    private static func feed(
        _ options: ReconcilerOptions, _ world: ReconcilerWorld, _ bell: Bell, _ logger: Logger
    ) -> any ManifestFeed {
        switch options.origin {
        case .directory(let path):
            let watcher = DirectoryWatcher.make()
            return SourceFeed(
                DirectorySource(
                    path, files: world.files, watcher: watcher, git: world.git,
                    executor: world.executor("cube.directory-source"), now: world.now),
                watcher: watcher,
                pace: SourceFeed.Pace(rescan: options.rescan), clock: world.clock, now: world.now, logger: logger)
        case .git(let origin):
            let source = GitSource(
                origin.remote, signers: origin.signers, directory: options.directory.pushing("reconciler/git"),
                git: world.git, patience: origin.patience, now: world.now, logger: logger,
                executor: world.executor("cube.git-source"))
            return GitFeed(
                source, pace: GitFeed.Pace(poll: origin.poll), bell: bell, clock: world.clock, random: world.random)
        }
    }

    /// Runs until it is cancelled.
    mutating func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [sourceFeed, inbox] in await sourceFeed.run(into: inbox) }
            group.addTask { [clusterFeed, inbox] in await clusterFeed.run(into: inbox) }
            if let imageFeed { group.addTask { [inbox] in await imageFeed.run(into: inbox) } }
            if !observesOnly { group.addTask { [lease, inbox] in await lease.run(into: inbox) } }
            while !Task.isCancelled {
                let pauses = [schedule.sleep(at: world.now()), unwritten.pause(at: world.now())].compactMap { $0 }
                await inbox.bell.wait(atMost: pauses.min(), on: world.clock)
                let isDue = schedule.isDue(at: world.now())
                if takeNews() || isDue, canJudge, !Task.isCancelled {
                    await pass()
                } else {
                    inbox.finishCluster()
                    if unwritten.isDue(at: world.now()) { await record() }
                }
            }
            await record()
            group.cancelAll()
        }
    }

    private var canJudge: Bool {
        contact.canJudge(
            knowsSource: reconciliation.planner.desired.isKnown, knowsCluster: reconciliation.position != nil)
    }

    // MARK: News

    /// - Returns: Whether the news may change a decision.
    private mutating func takeNews() -> Bool {
        let news = inbox.take()
        var isRelevant = news.hasSource
        for snapshot in [news.source, news.laterSource].compactMap({ $0 }) {
            reconciliation.update { $0.update(snapshot) }
            if !snapshot.isPartial, snapshot.isComplete { state.count { $0.sourceListedAt = snapshot.ended } }
        }
        if news.hasSource { imageFeed?.watch(reconciliation.planner.watchedImages) }
        if let images = news.images {
            reconciliation.update { $0.update(images) }
            isRelevant = true
        }
        if news.isRescanned { schedule.rescanned(at: world.now()) }
        if let cluster = news.cluster {
            if take(cluster) { isRelevant = true }
            clusterFeed.goOn(from: contact.outage == nil ? reconciliation.position : nil)
        }
        // The new limits take effect once the manager has them.
        if let limits = news.limits { lease.use(limits) }
        if let lease = news.lease, contact.answered(lease) { isRelevant = true }
        return isRelevant
    }

    private mutating func take(_ news: Inbox.ClusterNews) -> Bool {
        switch news {
        case .listed(let list):
            contact.listed()
            reconciliation.take(list)
            heedLooks()
            remember(list.cluster)
            logger.info("connected to the manager", metadata: ["cluster": "\(list.cluster)", "term": "\(list.term)"])
            return true
        case .changed(let changes):
            defer { heedLooks() }
            return reconciliation.take(changes)
        case .away(let error):
            guard contact.failed(error) else { return false }
            logger.warning("the manager is not reachable; tasks keep running", metadata: ["error": "\(error)"])
            return true
        }
    }

    /// Wakes the source feed if a new directive asks to check the source.
    private mutating func heedLooks() {
        if looks.heed(reconciliation.planner.observed?.owner?.directives ?? []) { bell.ring() }
    }

    private mutating func remember(_ cluster: ClusterID) {
        guard identity.cluster == nil else { return }
        identity.cluster = cluster
        do throws(FileError) { try memory.save(identity) } catch {
            logger.error("cannot save the cluster's id", metadata: ["error": "\(error)"])
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
        reconciliation.update { [contact] in $0.access = contact.access }
        if schedule.takeFullPass(at: world.now()) { await considerAll() }
        let began = world.now()
        var plan = reconciliation.pass(at: began)
        clusterFeed.rest(for: PassSchedule.rest(afterDeciding: world.now() - began))
        inbox.finishCluster()
        let isFirst = !hasPassedOverAll && contact.outage == nil
        if isFirst { hasPassedOverAll = true }
        unwritten.add(plan, at: world.now(), isWhole: isFirst)
        // A stop must not happen without a record of it.
        if plan.actions.contains(where: { $0.verb == .stop }) || unwritten.isDue(at: world.now()) {
            await record()
            if plan.needsSecondPass(isRecorded: problem == nil) {
                plan = reconciliation.pass(at: world.now())
                unwritten.add(plan, at: world.now())
                await record()
            }
        }
        schedule.planned(wakeAt: plan.wakeAt, isRecorded: problem == nil, at: world.now())
        state.publish(plan, storageProblem: problem.map(String.init(describing:)))
        logProblems(plan.summary.conditions, problem)
        sourceFeed.list(at: plan.listAt)
        lease.tell(plan.holds)
        guard let fence = contact.fence, !plan.actions.isEmpty || !plan.notes.isEmpty else {
            return contact.outage == nil ? .idle : .blind
        }
        return await carryOutAndRecord(plan, fence: fence)
    }

    /// Logs global problems once when they appear, and once when they are solved.
    private mutating func logProblems(_ conditions: [Condition], _ problem: FileError?) {
        var new: [String: String] = [:]
        for condition in conditions where condition.status && ![.ready, .reconciling].contains(condition.type) {
            new["\(condition.type.rawValue): \(condition.reason)"] = condition.message
        }
        if let problem { new["cannot write status files"] = "\(problem)" }
        for (what, message) in new.sorted(by: { $0.key < $1.key }) where logged[what] != message {
            logger.warning("\(what)", metadata: ["message": "\(message)"])
        }
        for what in logged.keys.sorted() where new[what] == nil { logger.info("solved: \(what)") }
        logged = new
    }

    /// Reconsiders all decisions, which is a no-op unless something went wrong before. Also restores status files that
    /// somebody deleted.
    private mutating func considerAll() async {
        reconciliation.update { $0.reconsider() }
        let view = state.view
        guard let summary = view.summary, let missing = await files.takeMissing() else { return }
        let reports = view.workloads.filter { missing.contains($0.key) }.mapValues(Optional.some)
        _ = await files.write(summary, reports)
    }

    /// Writes what the status files do not say yet.
    private mutating func record() async { note(await unwritten.take().write(to: files)) }

    /// Records whether the status files can be written. A pass says so if that changed.
    private mutating func note(_ error: FileError?) {
        if (error == nil) != (problem == nil) { schedule.mustPass(at: world.now()) }
        problem = error
        reconciliation.update { $0.isStorageWritable = error == nil }
    }

    /// Carries out a plan, and writes the status meanwhile if it is due before the end.
    private mutating func carryOutAndRecord(_ plan: Plan, fence: Int) async -> ReconcilerFigures.PassResult {
        guard let pause = unwritten.pause(at: world.now()) else { return await carryOut(plan, fence: fence) }
        let done = Bell()
        async let recorded = Self.write(unwritten, to: files, unless: done, after: pause, on: world.clock)
        let result = await carryOut(plan, fence: fence)
        done.ring()
        if case .written(let error) = await recorded {
            _ = unwritten.take()
            note(error)
        }
        return result
    }

    private enum Recording { case skipped, written(FileError?) }

    private static func write(
        _ status: UnwrittenStatus, to files: StatusFiles, unless done: Bell, after delay: Duration,
        on clock: any Clock<Duration>
    ) async -> Recording {
        // A cancellation ends the wait, too: the status is then written in any case.
        let isDone = delay > .zero ? (try? await clock.within(delay) { await done.wait() }) ?? false : false
        return isDone ? .skipped : .written(await status.write(to: files))
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
            logger.warning("cannot carry out the rest of the plan", metadata: ["error": "\(error)"])
            if error.concernsLease {
                _ = contact.answered(.refused(error))
                lease.lost(fence: fence)
            }
        }
        if result == .overdue {
            logger.warning("calls took longer than \(Self.passDeadline.text); the next pass plans the rest")
        }
        clusterFeed.goOn(from: reconciliation.position)
        schedule.mustPass(at: world.now())
        return result
    }
}
