import ArgumentParser
import CubeReconciler
import CubeServer
import CubeTypes

struct ReconcileCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "reconcile", abstract: "Run only a reconciler, until Ctrl-C.",
        discussion: .flowing(
            """
            Reads and watches the manifests, and schedules their tasks at a manager. Writes what it observes to status/
            and drift/ in the data directory, and each action to journal.ndjson. /readyz at its listen address reports
            whether it is reconciling.

            With --git, it follows a branch of a repository through a bare clone in the data directory. While the remote
            is unreachable, the branch is missing or a commit lacks a required signature, the last manifests stay in
            effect and the status is Stale. A forge can report pushes to /webhook, as application/json with
            X-Hub-Signature-256 or X-Gitlab-Token. Store passwords and tokens in git's credential helpers if possible.
            Credentials in a URL are never shown; pass such a URL in CUBE_GIT rather than on the command line.

            SIGHUP checks the source immediately, as the webhook does, and reloads the limits of the guards, unless the
            process was started with SIGHUP ignored, as by nohup. SIGTERM ends the process after the current call, without
            stopping tasks. Under systemd (Type=notify), it reports when it is listening.

            Examples:
              cube reconcile --manifests manifests --manager http://127.0.0.1:8081
              cube reconcile --git ssh://git@host/deploy.git --branch main \\
                --path manifests --poll 5m
              cube reconcile --git https://host/deploy.git \\
                --verify-signatures --allowed-signers signers
            """))

    enum Mode: String, ExpressibleByArgument, CaseIterable { case reconcile, observe }

    @Option(help: "reconcile, or observe: write status and drift without taking the lease or changing anything.")
    var mode: Mode = .reconcile
    @OptionGroup var git: GitOptions
    @OptionGroup var webhook: WebhookOptions
    @OptionGroup var listen: ListenOptions
    @OptionGroup var owner: OwnerOption
    @OptionGroup var manager: ConnectionOptions
    @OptionGroup var guards: GuardOptions
    @OptionGroup var notify: NotifyOptions
    @OptionGroup var verbosity: VerbosityOption

    func run() async throws {
        let place = manager.place
        if git.url == nil { try place.requireDataApart() }
        try place.data.prepare()
        let options = manager
        let log = DaemonLog(isVerbose: verbosity.verbose)
        let role = ReconcilerRole(
            data: place.data, origin: try git.origin(else: place.manifests), owner: try owner.owner,
            listen: listen.choice(default: .tcp(host: "127.0.0.1", port: 0)),
            holder: mode == .observe ? "cube reconcile --mode observe" : "cube reconcile",
            webhookSecret: webhook.secretFile, observesOnly: mode == .observe, limits: try guards.limits(place),
            files: try place.files,
            notices: try notify.sender,
            manager: { try options.connection(mode == .observe ? .read : .write) },
            log: log)
        let notice = ServiceNotice(parts: [role.endpoint])
        try await ForegroundProcess.run(
            [role, notice], logger: log("reconciler"), onHangup: { [guards] in role.reload(guards, place) })
    }
}
