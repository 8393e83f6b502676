import ArgumentParser
import CubeErrors
import CubeManagerClient
import CubeText
import CubeTypes

extension NodeCommand {
    struct Drain: Command {
        static let configuration = CommandConfiguration(
            commandName: "drain",
            abstract: "Move the tasks of a node to other nodes, and stop assigning new tasks to it.",
            discussion: .flowing(
                """
                Each task is replaced within the limits of its workload's "update": as many tasks at once as max_unavailable
                and max_surge permit, and with max_surge, the successor is healthy before the task is stopped. The
                reconciler of the owner does this. Tasks of `cube task run` have none, and are moved by the manager.

                A task stays if it fits on no other node, for example because of its constraints or because its volume is on
                this node. It moves when a node has room for it. A job runs to its end, unless --jobs or --deadline is
                given: then it is stopped and started again on another node.

                The drain continues after this command and after restarts of the manager, until `cube node uncordon`.

                Exit codes: 0 the drain has begun or, with --wait, no task is left; 1 error; 5 with --wait, tasks are left
                when the time is up.

                Examples:
                  cube node drain w1 --dry-run
                  cube node drain w1 --wait --timeout 10m
                  cube node drain w1 --wait --deadline 1h
                """))

        @Argument(help: "The node.", transform: NodeName.parse)
        var name: NodeName
        @Flag(help: "Only show which tasks would move, and where.")
        var dryRun = false
        @Flag(help: "Wait until no task is left on the node, and show the progress.")
        var wait = false
        @Option(
            help: ArgumentHelp("With --wait, how long to wait. Default: until no task is left.", valueName: "duration"),
            transform: Duration.parse)
        var timeout: Duration?
        @Flag(help: "Also stop jobs, and start them again on other nodes.")
        var jobs = false
        @Option(
            help: ArgumentHelp(
                "How long jobs may still run before they are stopped and started again on other nodes.",
                valueName: "duration"), transform: Duration.parse)
        var deadline: Duration?
        @OptionGroup var manager: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            if jobs, deadline != nil { throw ValidationError("--jobs and --deadline exclude each other") }
            if timeout != nil, !wait { throw ValidationError("--timeout requires --wait") }
            if dryRun, wait { throw ValidationError("--dry-run and --wait exclude each other") }
            if let deadline, deadline > DrainRequest.longestJobsAfter {
                throw ValidationError(
                    "--deadline: \(deadline.text) is above \(DrainRequest.longestJobsAfter.text)")
            }
        }

        func run() async throws {
            if dryRun { return try show(try await manager.reader().drain(of: name, evictingJobs: jobs)) }
            let client = try manager.writer()
            let drain = try await client.drain(name, with: DrainRequest(jobsAfter: jobs ? .zero : deadline))
            guard wait else {
                try show(drain)
                if !drain.done {
                    Terminal.note("The drain continues; `cube node drain \(name) --wait` shows its progress.")
                }
                return
            }
            let last = try await follow(drain, client)
            try show(last)
            if !last.done { throw ExitCode(ExitStatus.notConverged.rawValue) }
        }

        private func show(_ drain: NodeDrain) throws { try output.write(drain, as: DrainText(drain).lines) }

        /// Shows the progress of the drain until it is done or the time is up, and returns its last view.
        private func follow(_ first: NodeDrain, _ client: ManagerClient) async throws -> NodeDrain {
            let end = timeout.map { ContinuousClock.now + $0 }
            var (drain, shown) = (first, NodeDrain?.none)
            while true {
                for line in DrainText(drain).news(since: shown) { Terminal.note(line) }
                shown = drain
                if drain.done { return drain }
                guard drain.draining else {
                    throw Failure(
                        "the drain of node \(name) was ended by `cube node uncordon` with \(Count(drain.tasks.count, "task")) left"
                    )
                }
                let left = end.map { ContinuousClock.now.duration(to: $0) } ?? Self.longestWait
                guard left > .zero else { return drain }
                drain = try await client.drain(of: name, since: drain.revision, wait: min(left, Self.longestWait))
            }
        }

        private static let longestWait: Duration = .seconds(10)
    }
}
