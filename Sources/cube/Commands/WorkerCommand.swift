import ArgumentParser
import CubeCertificates
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
            A worker runs the tasks that its manager assigns to it. When it ends, its tasks keep running, and the next
            worker on the same data directory adopts them. `cube node list` shows why a node is not ready.

            To join a manager on another machine, the worker needs its https address and a token, which `cube manager
            token worker` prints there. The token names the authority of the manager. The worker sends the token only to
            a manager with this authority, and gets a certificate in return, which it renews by itself. From then on,
            worker and manager identify themselves by their certificates. By default, such a worker listens on port 8080
            of all addresses, and any other worker on 127.0.0.1:8080.

            A manager on this machine that listens on a loopback address or a Unix socket uses no certificates: worker
            and manager authenticate each other with the token in tokens/worker in the manager's data directory.

            Examples:
              CUBE_TOKEN=... cube worker --join https://10.0.0.1:8081
              cube worker --data-dir /var/lib/cube-w1 --name w1 \\
                --join http://127.0.0.1:8081 --token-file /var/lib/cube/tokens/worker
            """), subcommands: [RejoinCommand.self, WorkerRepairCommand.self])

    @Option(
        help: ArgumentHelp(
            "Address of the manager: http://HOST:PORT, https://HOST:PORT or unix:PATH. (CUBE_MANAGER; default: the manager that runs on the data directory)",
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
    @OptionGroup var allowed: AllowanceOptions
    @OptionGroup var listen: ListenOptions
    @OptionGroup var manager: ConnectionOptions
    @OptionGroup var verbosity: VerbosityOption

    struct Label: Sendable { var key, value: String }

    func run() async throws {
        try manager.place.data.prepare()
        var options = manager
        options.managerOption = join ?? manager.managerOption
        let log = DaemonLog(isVerbose: verbosity.verbose)
        let role = WorkerRole(
            data: manager.place.data, name: name,
            listen: try listen.choice(default: options.standardWorkerAddress), holder: "cube worker",
            labels: Dictionary(labels.map { ($0.key, $0.value) }) { $1 },
            secrets: secrets.map { FilePath($0) },
            runtimes: try runtime.kinds, allowances: try allowed.allowances,
            token: try options.givenToken.map { AccessToken($0)?.secret ?? $0 },
            isToJoin: try options.choice(.none).origin != nil
                || manager.place.data.manager.appending(SQLiteStore.fileName).exists,
            usesCertificates: try options.namesSecureManager
                ?? (manager.place.data.identity(of: name).isPresent || options.hasSecureManager),
            manager: { [options] in try options.connection(.worker, .none, needsToken: false) },
            log: log)
        try await ForegroundProcess.run([role, ServiceNotice(parts: [role.url])], logger: log("worker"))
    }

    private static func label(_ text: String) throws -> Label {
        guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
            throw ValidationError("\"\(text)\" must be KEY=VALUE")
        }
        return Label(key: String(text[..<equals]), value: String(text[text.index(after: equals)...]))
    }
}
