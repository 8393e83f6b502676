import ArgumentParser
import CubeCore
import CubeReconciler
import CubeServer
import CubeText
import CubeTypes
import CubeWorker
import Glibc
import Logging
import ServiceLifecycle
import SystemPackage

struct UpCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "up", abstract: "Run what the manifests say, and keep it so, until Ctrl-C.",
        discussion: .flowing(
            """
            Runs a manager, a worker and a reconciler in this process. Manifests may be edited, added and deleted meanwhile; what
            became of it stands in .cube/status and, on a terminal, on the screen. When it ends, by Ctrl-C or otherwise, the
            tasks keep running: the next `cube up` takes them over, `cube down` stops them.

            With --git it follows a branch of a repository, in place of a directory, through a clone in the data directory. A
            forge can tell of a push at /webhook; `cube help reconcile` says how.

            Examples:
              cube up
              cube up --git https://github.com/me/deploy.git --branch main --path manifests
              cube up --git https://host/deploy.git --reconciler-listen 127.0.0.1:8082 --webhook-secret-file secret
              cube up --manifests deploy --data-dir /var/lib/cube
            """))

    @Option(
        help: ArgumentHelp("Where the manager listens. (default: a free port of 127.0.0.1)", valueName: "address"),
        transform: ListenOptions.address)
    var managerListen: Endpoint.Address?
    @Option(
        help: ArgumentHelp("Where the worker listens. (default: a free port of 127.0.0.1)", valueName: "address"),
        transform: ListenOptions.address)
    var workerListen: Endpoint.Address?
    @Option(
        help: ArgumentHelp(
            "Where the reconciler listens: /webhook, /metrics, /readyz. (default: a free port of 127.0.0.1)",
            valueName: "address"),
        transform: ListenOptions.address)
    var reconcilerListen: Endpoint.Address?
    @Option(
        help: ArgumentHelp(
            "The directory of secrets, which manifests name as `secret:NAME`. (default: secrets in the data directory)",
            valueName: "dir"), completion: .directory)
    var secrets: String?
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
                "\(option): \(address) is reached from other machines, and tokens would travel in clear text; listen on "
                    + "127.0.0.1 or unix:PATH, or run `cube manager`, `cube worker` and `cube reconcile`, of which those that "
                    + "listen elsewhere take --insecure")
        }
    }

    func run() async throws {
        try OpenFiles.requireForServices()
        let data = place.data
        try data.requireNoOrphans()
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
        unlink(data.stopping.string)
        let log = DaemonLog(isVerbose: verbosity.verbose, isQuiet: Terminal.standardOutput.isInteractive)
        Addresses.tell(in: data, log("up")) { $0 = Addresses() }

        let parts = LocalParts(
            data: data, holder: "cube up", managerListens: choice(managerListen),
            workerListens: choice(workerListen), worker: data.workers.first ?? ForegroundProcess.hostName,
            secrets: secrets.map { FilePath($0) },
            log: log)
        let reconciler = ReconcilerRole(
            data: data, origin: origin, owner: try owner.owner, listen: choice(reconcilerListen), holder: "cube up",
            webhookSecret: webhook.secretFile, limits: try guards.limits(place), files: try place.files,
            notices: try notify.sender,
            manager: { try await parts.connection(.write) }, log: log)
        let listening: [any Expected] = parts.workers.map { $0.url as any Expected } + [reconciler.endpoint]
        var services: [any Service] = parts.services + [reconciler, ServiceNotice(parts: listening)]
        if log.isQuiet {
            services.append(
                LiveView(
                    title: "cube up", foot: "Ctrl-C ends this; tasks keep running.", state: reconciler.state,
                    sink: log.sink
                ))
        }
        // A terminal that is closed ends it; a service manager that reloads it makes it look.
        let look: @Sendable () -> Void = { [guards, place] in reconciler.reload(guards, place) }
        try await ForegroundProcess.run(services, onHangup: log.isQuiet ? nil : look)
        tellWhatGoesOn(data, log("up"))
    }

    private func choice(_ address: Endpoint.Address?) -> ListenOptions.Choice {
        address.map { ListenOptions.Choice(listen: $0) } ?? .free
    }

    private func tellWhatGoesOn(_ data: DataDirectory, _ logger: Logger) {
        let count = data.supervisors.count
        let text =
            if count == 0 {
                "no task runs"
            } else if data.stopping.exists {
                "cube down stops \(Count(count, "task"))"
            } else {
                "\(Count(count, "task").verb("keeps", "keep")) running: cube up resumes, cube down stops them"
            }
        if Terminal.standardOutput.isInteractive { Terminal.output("\(text)") } else { logger.info("\(text)") }
    }
}
