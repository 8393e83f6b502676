import ArgumentParser
import CubeReconciler
import CubeServer
import CubeTypes

struct ReconcileCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "reconcile", abstract: "Run a reconciler alone, until Ctrl-C.",
        discussion: .flowing(
            """
            Reads the manifests, watches them, and tells a manager what should run. Writes what it sees to status/ and drift/ of
            the data directory, and every action to journal.ndjson. Whether it does its work, it tells at /readyz of the address
            that it listens on.

            With --git it follows a branch of a repository, through a bare clone in the data directory. While the remote is away,
            the branch gone or a commit not signed as it must be, what was read last stays in force, and the status says Stale.
            A forge can tell of a push at /webhook, as application/json, with X-Hub-Signature-256 or X-Gitlab-Token. Passwords
            and tokens are best left to git's credential helpers; those in a URL (better in CUBE_GIT than on the command line)
            are shown nowhere.

            SIGHUP asks the source at once, as the webhook does. SIGTERM ends it: the call under way is finished, no task is
            stopped. Where systemd asks for it, it is told when all listens.

            Examples:
              cube reconcile --manifests /etc/cube/manifests --manager http://127.0.0.1:8081
              cube reconcile --git ssh://git@host/deploy.git --branch main --path manifests --poll 5m
              cube reconcile --git https://host/deploy.git --verify-signatures --allowed-signers signers
            """))

    enum Mode: String, ExpressibleByArgument, CaseIterable { case reconcile, observe }

    @Option(help: "`observe` writes status and drift, and changes nothing: no lease is taken.")
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
        try place.data.prepare()
        let options = manager
        let role = ReconcilerRole(
            data: place.data, origin: try git.origin(else: place.manifests), owner: try owner.owner,
            listen: listen.choice(default: .tcp(host: "127.0.0.1", port: 0)),
            holder: mode == .observe ? "cube reconcile --mode observe" : "cube reconcile",
            webhookSecret: webhook.secretFile, observesOnly: mode == .observe, limits: try guards.limits(place),
            files: try place.files,
            notices: try notify.sender,
            manager: { try options.connection(mode == .observe ? .read : .write) },
            log: DaemonLog(isVerbose: verbosity.verbose))
        let notice = ServiceNotice(parts: [role.endpoint])
        try await ForegroundProcess.run([role, notice], onHangup: { [guards] in role.reload(guards, place) })
    }
}
