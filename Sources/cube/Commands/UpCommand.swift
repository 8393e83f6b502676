import ArgumentParser
import CubeCore
import CubeReconciler
import CubeServer
import CubeSystem
import CubeText
import CubeTypes
import CubeWorker
import Glibc
import Logging
import ServiceLifecycle
import SystemPackage

struct UpCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Run the workloads that the manifests declare, and keep them running, until Ctrl-C.",
        discussion: .flowing(
            """
            Runs a manager, a worker and a reconciler in this process. While it runs, you can add, edit and delete
            manifests; the results are in .cube/status and, on a terminal, on the screen. When it ends, by Ctrl-C or
            otherwise, the tasks keep running. The next `cube up` adopts them; `cube down` stops them.

            With --git, it follows a branch of a git repository instead of a local directory, through a clone in the
            data directory. A forge can report pushes to /webhook; see `cube help reconcile`.

            Examples:
              cube up
              cube up --git https://github.com/me/deploy.git --branch main --path manifests
              cube up --git https://host/deploy.git \\
                --reconciler-listen 127.0.0.1:8082 --webhook-secret-file secret
              cube up --manifests deploy --data-dir /var/lib/cube
            """))

    @Option(
        help: ArgumentHelp(
            "Address that the manager listens on. (default: a free port on 127.0.0.1)", valueName: "address"),
        transform: ListenOptions.address)
    var managerListen: Endpoint.Address?
    @Option(
        help: ArgumentHelp(
            "Address that the worker listens on. (default: a free port on 127.0.0.1)", valueName: "address"),
        transform: ListenOptions.address)
    var workerListen: Endpoint.Address?
    @Option(
        help: ArgumentHelp(
            "Address that the reconciler listens on, for /webhook, /metrics and /readyz. (default: a free port on 127.0.0.1)",
            valueName: "address"),
        transform: ListenOptions.address)
    var reconcilerListen: Endpoint.Address?
    @Option(
        help: ArgumentHelp(
            "Directory of the secrets, to which manifests refer as `secret:NAME`. (default: secrets in the data directory)",
            valueName: "dir"), completion: .directory)
    var secrets: String?
    @OptionGroup var runtime: RuntimeOptions
    @OptionGroup var allowed: AllowanceOptions
    @OptionGroup var scheduling: SchedulingOptions
    @OptionGroup var git: GitOptions
    @OptionGroup var webhook: WebhookOptions
    @OptionGroup var owner: OwnerOption
    @OptionGroup var place: PlaceOptions
    @OptionGroup var guards: GuardOptions
    @OptionGroup var notify: NotifyOptions
    @OptionGroup var verbosity: VerbosityOption

    func validate() throws {
        let addresses = [
            ("--manager-listen", managerListen), ("--worker-listen", workerListen),
            ("--reconciler-listen", reconcilerListen),
        ]
        for case (let option, let address?) in addresses where !address.isOfThisMachineAlone {
            throw ArgumentParser.ValidationError(
                "\(option): other machines can reach \(address), but `cube up` is for one machine; listen on 127.0.0.1 "
                    + "or unix:PATH, or run `cube manager`, `cube worker` and `cube reconcile`, which use TLS there"
            )
        }
    }

    func run() async throws {
        try OpenFiles.requireForServices()
        let data = place.data
        if git.url == nil { try place.requireDataApart() }
        try data.requireNoOrphans()
        try await data.requireNoOrphanContainers()
        if let lost = try LostStore.find(in: data) { throw lost.failure }
        if let lone = try LoneWorker.find(data.workers.first, in: data) { throw lone.failure }
        _ = try SupervisorProgram.require()
        let origin = try git.origin(else: place.manifests)
        if case .directory(let path) = origin, !data.path.exists,
            case .bad(let problem, let hint) = ManifestsCheck.measure(path).verdict
        {
            throw Failure(problem, hint: hint)
        }
        try data.prepare()
        let lock = try DirectoryLock.take(data.run, for: "cube up")
        defer { withExtendedLifetime(lock) {} }
        let worker = data.workers.first ?? ForegroundProcess.hostName
        // A part that runs alone here has published its address, and nobody else can publish it again.
        for directory in [data.manager, data.reconciler, data.worker(worker)] {
            try DirectoryLock.requireFree(directory)
        }
        let hasOtherWorker = data.workers.contains { $0 != worker && data.isInUse(by: $0) }
        unlink(data.stopping.string)
        let log = DaemonLog(isVerbose: verbosity.verbose, isQuiet: Terminal.standardOutput.isInteractive)
        Addresses.tell(in: data, log("up")) { $0 = Addresses(workers: hasOtherWorker ? $0.workers : []) }

        let parts = LocalParts(
            data: data, holder: "cube up", managerListens: choice(managerListen),
            workerListens: choice(workerListen), worker: worker,
            secrets: secrets.map { FilePath($0) }, runtimes: try runtime.kinds,
            allowances: try allowed.allowances, policy: scheduling.policy, prefersImages: scheduling.imageLocality,
            log: log)
        let reconciler = ReconcilerRole(
            data: data, origin: origin, owner: try owner.owner, listen: choice(reconcilerListen), holder: "cube up",
            webhookSecret: webhook.secretFile, limits: try guards.limits(place), files: try place.files,
            notices: try notify.sender,
            manager: { try await parts.connection(.write) }, log: log)
        let listening: [any ReadinessSignal] =
            parts.workers.map { $0.url as any ReadinessSignal } + [reconciler.endpoint]
        var services: [any Service] = parts.services + [reconciler, ServiceNotice(parts: listening)]
        if log.isQuiet {
            services.append(
                LiveView(
                    title: "cube up", foot: "Ctrl-C ends this; tasks keep running.", state: reconciler.state,
                    sink: log.sink
                ))
        }
        // On a terminal, SIGHUP means that the terminal was closed, and ends the process. Otherwise, it means reload.
        let look: @Sendable () -> Void = { [guards, place] in reconciler.reload(guards, place) }
        try await ForegroundProcess.run(services, logger: log("up"), onHangup: log.isQuiet ? nil : look)
        reportRunningTasks(data, log("up"))
    }

    private func choice(_ address: Endpoint.Address?) -> ListenOptions.Choice {
        address.map { ListenOptions.Choice(listen: $0) } ?? .free
    }

    private func reportRunningTasks(_ data: DataDirectory, _ logger: Logger) {
        let count = data.supervisors.count + data.containers.count
        let text =
            if count == 0 {
                "no task is running"
            } else if data.stopping.exists {
                "cube down is stopping \(Count(count, "task"))"
            } else {
                "\(Count(count, "task").verb("keeps", "keep")) running: cube up resumes, cube down stops them"
            }
        if Terminal.standardOutput.isInteractive { Terminal.output("\(text)") } else { logger.info("\(text)") }
    }
}
