import ArgumentParser
import CubeErrors
import CubeManagerClient
import CubeText
import CubeTypes
import ServiceLifecycle
import SystemPackage

struct WatchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch", abstract: "Keep a file up to date with the cluster, and run a command after each change.",
        subcommands: [Endpoints.self])

    struct Endpoints: Command {
        static let configuration = CommandConfiguration(
            commandName: "endpoints",
            abstract: "Follow the endpoints of workloads, for a load balancer such as nginx or HAProxy.",
            discussion: .flowing(
                """
                The endpoints are the addresses of ready tasks, as JSON: {"endpoints": [{"owner", "name", "ordinal",
                "port", "address", "protocol", "node", "task"}]}. --render turns them into another format: its command
                reads the JSON from standard input and writes the content to standard output. Without --out and --exec,
                the content is printed.

                The file is replaced as a whole, with its permissions, and only if its content changes. Then --exec runs
                its command once, also after a restart of `cube watch` that came in between. Commands are run by /bin/sh
                and have a minute. If a command fails, it is reported and tried again at the next change, and at the
                latest after 30 seconds. Whatever cannot be read changes nothing: if the manager does not answer, or if
                --render fails, the file stays as it is. If no node of a workload answers the manager, the last endpoints
                of the workload stay in use.

                Examples:
                  cube watch endpoints web
                  cube watch endpoints web --render 'jq -rf web.jq' \\
                    --out web.conf --exec 'nginx -s reload'
                  cube watch endpoints --once --out endpoints.json
                """))

        @OptionGroup var names: NamesArgument
        @Option(help: "Only endpoints with this port name.")
        var port: String?
        @Option(
            name: .customLong("owner"), help: "Only workloads of this owner. (default: all owners)",
            transform: OwnerName.parse)
        var owner: OwnerName?
        @Option(help: ArgumentHelp("Command that turns the endpoints into the content.", valueName: "command"))
        var render: String?
        @Option(
            help: ArgumentHelp("File to write the content to. (default: standard output)", valueName: "file"),
            completion: .file())
        var out: String?
        @Option(
            help: ArgumentHelp(
                "Command to run after each change of the content, which it reads from standard input.",
                valueName: "command"))
        var exec: String?
        @Option(
            help: "Minimum time between two updates. Changes in the meantime are taken up together.",
            transform: Duration.parse)
        var pause: Duration = .seconds(1)
        @Flag(help: "Take up the present endpoints, and end.")
        var once = false
        @OptionGroup var manager: ConnectionOptions

        func run() async throws {
            if let out { try manager.place.requireNoManifest(.absolute(out), "--out") }
            var binding = EndpointBinding(
                names: names.names, render: render.map(ShellCommand.init),
                file: out.map { BoundFile(path: .absolute($0)) }, command: exec.map(ShellCommand.init))
            guard once else {
                return try await ForegroundProcess.run([
                    EndpointWatch(client: try manager.follower(), options: self, binding: binding)
                ])
            }
            try await binding.take(try await endpoints(from: try manager.reader())) { Terminal.note("\($0)") }
        }

        /// - Parameter since: The revision of the last response.
        fileprivate func endpoints(from client: ManagerClient, since: Int? = nil) async throws -> EndpointList {
            try await client.endpoints(
                of: names.names.count == 1 ? names.names[0] : nil, owner: owner, port: port, since: since,
                wait: EndpointWatch.wait)
        }
    }
}

/// Follows the endpoints until a signal ends it, or until they cannot be written to standard output.
private struct EndpointWatch: Service {
    /// How long the manager waits for a change. After that, what has failed is tried again.
    static let wait: Duration = .seconds(30)

    let client: ManagerClient
    let options: WatchCommand.Endpoints
    let binding: EndpointBinding

    func run() async throws {
        do {
            try await cancelWhenGracefulShutdown { try await follow() }
        } catch is CancellationError {
            // A signal ends the watch.
        }
    }

    private func follow() async throws {
        var binding = binding
        var since: Int?
        var isAway = false
        while true {
            let list = try await client.untilServed { error in
                if error != nil, !isAway {
                    Terminal.note("\(binding.subject) stays as it is until the manager responds")
                }
                isAway = error != nil
            } _: {
                try await options.endpoints(from: client, since: since)
            }
            since = list.revision
            do {
                guard try await binding.take(list, note: { Terminal.note("\($0)") }) else { return }
            } catch let error where !(error is CancellationError) {
                for line in Failure(error).lines { Terminal.note(line) }
            }
            try await Task.sleep(for: options.pause)
        }
    }
}
