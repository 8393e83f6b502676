import ArgumentParser
import CubeServer
import CubeTypes

struct ReconcileCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "reconcile", abstract: "Run a reconciler alone, until Ctrl-C.",
        discussion: """
            Reads the manifests, watches them, and tells a manager what should run. Writes what it sees to status/ and drift/ of
            the data directory, and every action to journal.ndjson. Whether it does its work, it tells at /readyz of the address
            that it listens on.

            Example:
              cube reconcile --manifests /etc/cube/manifests --manager http://127.0.0.1:8081
            """)

    @OptionGroup var listen: ListenOptions
    @OptionGroup var owner: OwnerOption
    @OptionGroup var manager: ConnectionOptions
    @OptionGroup var verbosity: VerbosityOption

    func run() async throws {
        let place = manager.place
        try place.data.prepare()
        let options = manager
        let role = ReconcilerRole(
            data: place.data, manifests: place.manifests, owner: try owner.owner,
            listen: listen.choice(default: .tcp(host: "127.0.0.1", port: 0)), holder: "cube reconcile",
            manager: { try options.connection(.write) },
            log: DaemonLog(isVerbose: verbosity.verbose))
        try await ForegroundProcess.run([role])
    }
}
