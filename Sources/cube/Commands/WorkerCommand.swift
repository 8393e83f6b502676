import ArgumentParser
import CubeServer
import CubeManager
import CubeTypes
import SystemPackage

struct WorkerCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "Run a worker alone, until Ctrl-C; its tasks outlive it.",
        discussion: .flowing(
            """
            A worker runs what its manager gives it. It listens on 127.0.0.1:8080 where nothing else is said, and its manager
            calls it there. When it ends, its tasks keep running, and the next one on the same data directory adopts them.

            Worker and manager know each other by one token: that in tokens/worker of the manager's data directory. A worker on
            another data directory, or another machine, needs a copy of that file. `cube node list` says of each node why it does
            not work.

            Example, where the manager is `cube manager --data-dir /var/lib/cube`:
              cube worker --data-dir /var/lib/cube-w1 --name w1 --join http://127.0.0.1:8081 \\
                --token-file /var/lib/cube/tokens/worker
            """), subcommands: [RejoinCommand.self, WorkerRepairCommand.self])

    @Option(
        help: ArgumentHelp(
            "The manager: http://HOST:PORT or unix:PATH. (CUBE_MANAGER; default: the one of the data directory)",
            valueName: "url"))
    var join: String?
    @Option(help: "What the node is called. (default: the name of the machine)", transform: NodeName.parse)
    var name: NodeName = ForegroundProcess.hostName
    @Option(
        name: .customLong("label"),
        help: ArgumentHelp(
            "A label of the node, for `constraints` of manifests; may be repeated.", valueName: "key=value"),
        transform: WorkerCommand.label)
    var labels: [Label] = []
    @Option(
        help: ArgumentHelp(
            "The directory of secrets, which manifests name as `secret:NAME`. (default: secrets in the data directory)",
            valueName: "dir"), completion: .directory)
    var secrets: String?
    @OptionGroup var listen: ListenOptions
    @OptionGroup var manager: ConnectionOptions
    @OptionGroup var verbosity: VerbosityOption

    struct Label: Sendable { var key, value: String }

    func run() async throws {
        try manager.place.data.prepare()
        var options = manager
        options.managerOption = join ?? manager.managerOption
        let role = WorkerRole(
            data: manager.place.data, name: name,
            listen: listen.choice(default: .tcp(host: "127.0.0.1", port: 8080)), holder: "cube worker",
            labels: Dictionary(labels.map { ($0.key, $0.value) }) { $1 },
            secrets: secrets.map { FilePath($0) },
            token: try options.tokenInFile,
            isToJoin: options.manager != nil || manager.place.data.manager.appending(SQLiteStore.fileName).exists,
            manager: { [options] in try options.connection(.worker) },
            log: DaemonLog(isVerbose: verbosity.verbose))
        try await ForegroundProcess.run([role, ServiceNotice(parts: [role.url])])
    }

    private static func label(_ text: String) throws -> Label {
        guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
            throw ValidationError("\"\(text)\" must be KEY=VALUE")
        }
        return Label(key: String(text[..<equals]), value: String(text[text.index(after: equals)...]))
    }
}
