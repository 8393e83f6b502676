import ArgumentParser
import CubeTypes

struct ManagerCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "manager", abstract: "Run only a manager, until Ctrl-C.",
        discussion: .flowing(
            """
            The manager stores the tasks that should run and assigns them to workers. `cube up` runs one together with a
            worker and a reconciler; this command runs it as a separate process, by default on 127.0.0.1:8081. Its
            tokens are in tokens/ in the data directory: `worker` for workers, `write` for reconcilers and
            administrators, `read` for read-only access.

            Example:
              cube manager --data-dir /var/lib/cube --listen unix:/run/cube/manager.sock
            """), subcommands: [BackupCommand.self, RestoreCommand.self])

    @OptionGroup var listen: ListenOptions
    @Option(
        help: "Scheduling policy: spread or round_robin.",
        transform: { text in
            guard let policy = [SchedulingPolicy.spread, .roundRobin].first(where: { $0.rawValue == text }) else {
                throw ValidationError("\"\(text)\" must be spread or round_robin")
            }
            return policy
        })
    var policy: SchedulingPolicy = .spread
    @OptionGroup var place: PlaceOptions
    @OptionGroup var verbosity: VerbosityOption

    func run() async throws {
        try place.data.prepare()
        let role = ManagerRole(
            data: place.data, listen: listen.choice(default: .tcp(host: "127.0.0.1", port: 8081)),
            holder: "cube manager", policy: policy, log: DaemonLog(isVerbose: verbosity.verbose))
        try await ForegroundProcess.run([role, ServiceNotice(parts: [role.endpoint])])
    }
}
