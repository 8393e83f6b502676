import ArgumentParser
import CubeServer
import CubeManager
import CubeSystem
import CubeTypes
import SystemPackage

struct WorkerCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "Run only a worker, until Ctrl-C. Its tasks keep running after it ends.",
        discussion: .flowing(
            """
            A worker runs the tasks that its manager assigns to it. It listens on 127.0.0.1:8080 by default, where its
            manager calls it. When it ends, its tasks keep running, and the next worker on the same data directory
            adopts them.

            Worker and manager authenticate each other with the same token, which is in tokens/worker in the manager's
            data directory. A worker on another data directory or another machine needs a copy of that file. `cube node
            list` shows why a node is not ready.

            Example, for a manager that runs as `cube manager --data-dir /var/lib/cube`:
              cube worker --data-dir /var/lib/cube-w1 --name w1 --join http://127.0.0.1:8081 \\
                --token-file /var/lib/cube/tokens/worker
            """), subcommands: [RejoinCommand.self, WorkerRepairCommand.self])

    @Option(
        help: ArgumentHelp(
            "Address of the manager: http://HOST:PORT or unix:PATH. (CUBE_MANAGER; default: the manager that runs on the data directory)",
            valueName: "url"))
    var join: String?
    @Option(help: "Name of the node. (default: the host name)", transform: NodeName.parse)
    var name: NodeName = ForegroundProcess.hostName
    @Option(
        name: .customLong("label"),
        help: ArgumentHelp(
            "Label of the node, for `constraints` in manifests. Can be repeated.", valueName: "key=value"),
        transform: WorkerCommand.label)
    var labels: [Label] = []
    @Option(
        help: ArgumentHelp(
            "Directory of the secrets, to which manifests refer as `secret:NAME`. (default: secrets in the data directory)",
            valueName: "dir"), completion: .directory)
    var secrets: String?
    @OptionGroup var runtime: RuntimeOptions
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
            runtimes: try runtime.kinds,
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
