import ArgumentParser
import CubeCertificates
import CubeTypes

struct ManagerCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "manager", abstract: "Run only a manager, until Ctrl-C.",
        discussion: .flowing(
            """
            The manager stores the tasks that should run and assigns them to workers. `cube up` runs one together with a
            worker and a reconciler; this command runs it as a separate process, by default on 127.0.0.1:8081. Its
            tokens are in tokens/ in the data directory: `worker` for workers, `write` for reconcilers and
            administrators, `read` for read-only access. `cube manager token create` issues further ones.

            On an address that other machines can reach, the manager uses TLS with an authority of its own, which it
            creates in manager/ca in the data directory. Workers get certificates from it, and both sides then identify
            themselves by their certificates.

            Examples:
              cube manager --data-dir /var/lib/cube --listen 0.0.0.0:8081
              cube manager --data-dir /var/lib/cube --listen unix:/run/cube/manager.sock
            """), subcommands: [BackupCommand.self, RestoreCommand.self, TokenCommand.self])

    @Option(
        help: ArgumentHelp(
            "How long the certificates are valid that the manager issues to workers. They are renewed when two thirds of it are over. (default: 24h)",
            valueName: "duration"), transform: Duration.parse)
    var certificateLifetime: Duration = CertificateDesk.standardLifetime
    @OptionGroup var listen: ListenOptions
    @OptionGroup var scheduling: SchedulingOptions
    @OptionGroup var place: PlaceOptions
    @OptionGroup var verbosity: VerbosityOption

    /// The shortest life of a certificate in which it can be renewed.
    private static let shortestLifetime = Duration.seconds(5)

    func validate() throws {
        let lifetimes = Self.shortestLifetime...CertificateAuthority.lifetime
        guard !lifetimes.contains(certificateLifetime) else { return }
        throw ValidationError(
            "--certificate-lifetime: \(certificateLifetime.text) must be from \(lifetimes.lowerBound.text) to "
                + lifetimes.upperBound.text)
    }

    func run() async throws {
        try place.data.prepare()
        let log = DaemonLog(isVerbose: verbosity.verbose)
        let role = ManagerRole(
            data: place.data, listen: listen.choice(default: .tcp(host: "127.0.0.1", port: 8081)),
            holder: "cube manager", policy: scheduling.policy, prefersImages: scheduling.imageLocality,
            certificateLifetime: certificateLifetime, log: log)
        try await ForegroundProcess.run([role, ServiceNotice(parts: [role.endpoint])], logger: log("manager"))
    }
}
