import ArgumentParser
import CubeTypes

struct ManagerCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "manager", abstract: "Run a manager alone, until Ctrl-C.",
        discussion: .flowing(
            """
            The manager keeps what should run and gives it to workers. `cube up` runs one with a worker and a reconciler; this
            runs it as a process of its own, on 127.0.0.1:8081 where nothing else is said. Its tokens are in tokens/ of the data
            directory: `worker` for workers, `write` for reconcilers and people, `read` for those who only look.

            Example:
              cube manager --data-dir /var/lib/cube --listen unix:/run/cube/manager.sock
            """), subcommands: [BackupCommand.self, RestoreCommand.self])

    @OptionGroup var listen: ListenOptions
    @Option(
        help: "How to pick among nodes: spread or round_robin.",
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
