import CubeSystem
import CubeText
import SystemPackage
import ArgumentParser
import CubeCore
import CubeErrors
import CubeManagerClient
import CubeReconciler
import CubeServer
import CubeTypes
import ServiceLifecycle
import Synchronization

struct ApplyCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Carry out what `cube plan` shows, and wait until everything runs as declared.",
        discussion: .flowing(
            """
            Requires a manager, and holds the owner's lease while it works. If a reconciler of the same source is
            running, here or on another machine, the command triggers that reconciler and waits for it. A saved plan is
            carried out exactly as saved; the command refuses it if manifests or tasks have changed since, or if a
            reconciler is running elsewhere.

            The manager keeps the limits of the guards. --prune-limit, --prune-percent, --prune-window and --config set them
            for the owner, until a reconciler or another `cube apply` sets others.

            Exit codes: 0 everything runs as declared, 1 error, 3 the saved plan is stale, 4 held by a guard, 5 not
            converged in time, 6 another source owns the workloads or holds the lease.

            Examples:
              cube apply --timeout 5m
              cube plan --out release.plan && cube apply release.plan
            """))

    @Argument(help: "Plan that was saved with `cube plan --out`.", completion: .file())
    var file: String?
    @Option(
        help: ArgumentHelp("How long to wait for convergence. (default: 5m)", valueName: "duration"),
        transform: Duration.parse)
    var timeout: Duration = .seconds(300)
    @OptionGroup var options: PreviewOptions
    @OptionGroup var guards: GuardOptions
    @OptionGroup var verbosity: VerbosityOption

    func validate() throws {
        if options.git.localRevision != nil { throw ValidationError("--revision requires --git here") }
    }

    func run() async throws {
        if options.git.url == nil { try options.manager.place.requireDataApart() }
        let savedPlan = try file.map { try SavedPlan.toApply(.absolute($0)) }
        let limits = try guards.limits(options.manager.place)
        let preview = try await options.preview()
        let place = options.manager.place
        let outcome: ApplyOutcome
        if let savedPlan, case let departures = preview.planner.departures(from: savedPlan), !departures.isEmpty {
            outcome = .stale(departures)
        } else if let other = try DirectoryLock.holder(of: place.data.reconciler) {
            let origin = try options.git.origin(else: place.manifests)
            let followed = try WrittenStatus(data: place.data).summary()?.source
            if let followed, !followed.isSamePlace(as: preview.plan.summary.source) {
                // The running reconciler will never apply these manifests.
                outcome = .leaseHeld("\(other) reconciles \(followed.place) on \(place.data.path), not \(origin)")
            } else {
                Terminal.note("\(other) reconciles \(origin); waiting for it.")
                outcome = try await wait(for: preview.plan.desiredDigest, by: other, in: place.data)
            }
        } else {
            if let leader = preview.leader, savedPlan == nil { try await ask(leader) }
            outcome = try await reconcile(place, savedPlan, limits)
        }
        Terminal.output(outcome.lines)
        if outcome.exitStatus != .success { throw ExitCode(outcome.exitStatus.rawValue) }
    }

    /// Triggers the reconciler that holds the lease. This process meanwhile waits as its standby.
    private func ask(_ leader: Preview.Leader) async throws {
        _ = try await options.manager.writer().direct(
            options.owner.owner, with: Directive(verb: .look, subject: leader.source.rawValue))
        Terminal.note("\(leader.holder) reconciles the same source; triggered it and waiting for it.")
    }

    /// Reconciles in this process until it has converged, cannot converge, or times out.
    private func reconcile(
        _ place: PlaceOptions, _ savedPlan: PlanDocument?, _ limits: GuardLimits.Choice
    ) async throws -> ApplyOutcome {
        try place.data.prepare()
        let log = DaemonLog(isVerbose: verbosity.verbose, isQuiet: Terminal.standardOutput.isInteractive)
        let manager = options.manager
        let role = ReconcilerRole(
            data: place.data, origin: try options.git.origin(else: place.manifests), owner: try options.owner.owner,
            holder: "cube apply",
            savedPlan: savedPlan, limits: limits, files: try place.files,
            manager: { try manager.connection(.write) },
            log: log)
        let watch = ApplyWatch(state: role.state, limit: timeout, isBound: savedPlan != nil)
        var services: [any Service] = [role, watch]
        if log.isQuiet {
            services.append(LiveView(title: "cube apply", foot: "Ctrl-C ends this.", state: role.state, sink: log.sink))
        }
        try await ForegroundProcess.run(services)
        return watch.outcome
    }

    /// Reads the status files of the running reconciler until it has applied the same manifests.
    private func wait(
        for desired: Digest, by other: DirectoryLock.Holder, in data: DataDirectory
    ) async throws -> ApplyOutcome {
        let status = WrittenStatus(data: data)
        let deadline = ContinuousClock.now + timeout
        while ContinuousClock.now < deadline {
            if let summary = try status.summary(), summary.desiredDigest == desired {
                let outcome = ApplyOutcome(summary, isConverged: summary.isConverged)
                if let outcome { return outcome.naming(try status.names().compactMap(status.workload)) }
            }
            guard try DirectoryLock.holder(of: data.reconciler) != nil else {
                throw Failure(
                    "\(other) ended before everything ran as declared", hint: "run `cube apply` again")
            }
            try await Task.sleep(for: .milliseconds(200))
        }
        return .late(timeout, try status.summary(), try status.names().compactMap(status.workload))
    }
}

/// A service that ends its group as soon as the outcome is known.
private final class ApplyWatch: Service {
    private let state: ReconcilerState
    private let limit: Duration
    private let isBound: Bool
    private let found: Mutex<ApplyOutcome>

    init(state: ReconcilerState, limit: Duration, isBound: Bool) {
        self.state = state
        self.limit = limit
        self.isBound = isBound
        found = Mutex(.notConverged(["it was interrupted"]))
    }

    var outcome: ApplyOutcome { found.withLock(\.self) }

    func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            await withTaskGroup(of: ApplyOutcome?.self) { group in
                group.addTask { [state, isBound] in
                    for await _ in state.updates() {
                        let view = state.view
                        if !view.departures.isEmpty { return .stale(view.departures) }
                        if let outcome = view.summary.flatMap({
                            ApplyOutcome($0, isConverged: view.isConverged, isBound: isBound)
                        }) {
                            return outcome.naming(view.workloads.values.map(\.status))
                        }
                    }
                    return nil
                }
                group.addTask { [limit, state] in
                    do { try await Task.sleep(for: limit) } catch { return nil }
                    return .late(limit, state.view.summary, state.view.workloads.values.map(\.status))
                }
                if let outcome = await group.next() ?? nil { found.withLock { $0 = outcome } }
                group.cancelAll()
            }
        }
    }
}

extension SourceRevision {
    /// The location of the manifests, without the commit.
    fileprivate var place: String {
        [url, branch, path].compactMap(\.self).filter { !$0.isEmpty }.joined(separator: " ")
    }

    fileprivate func isSamePlace(as other: SourceRevision) -> Bool {
        guard kind == other.kind, url == other.url, branch == other.branch else { return false }
        // The path in a repository is not a path on this machine.
        return path == other.path || url == nil && FilePath(path).resolvingLinks == FilePath(other.path).resolvingLinks
    }
}
