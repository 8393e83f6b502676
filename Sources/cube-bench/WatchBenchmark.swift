import ArgumentParser
import CubeManagerClient
import CubeOrchestratorClient
import CubeTypes
import Glibc

/// Measures the cost of many idle watches for a manager.
struct WatchBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watches",
        abstract: "Open watches at a manager, and measure its memory and CPU time.",
        discussion:
            "The manager must run on this machine, and accept that many connections (`cube manager --max-connections`)."
    )

    @OptionGroup var manager: ManagerOption
    @Option(help: ArgumentHelp("Process id of the manager.", valueName: "pid")) var process: Int
    @Option(help: "Number of watches.") var count = 10_000
    @Option(help: ArgumentHelp("Time to keep the watches open without changes.", valueName: "seconds")) var idle = 20

    func validate() throws {
        for (name, value) in [("process", process), ("count", count), ("idle", idle)] where value < 1 {
            throw ValidationError("--\(name) must be above 0, not \(value)")
        }
        // The manager responds within 60 s of a call, and opening the watches is part of that time.
        guard idle <= 40 else { throw ValidationError("--idle must be at most 40, not \(idle)") }
    }

    func run() async throws {
        allowFiles(count + 256)
        let (endpoint, configuration) = try manager.found()
        var options = configuration.options
        options.connectionLimit = count + 1
        let client = ManagerClient(endpoint: endpoint, token: configuration.token, options: options)
        let position = try await client.page(owner: configuration.owner)

        let before = try ProcessUsage(of: process)
        try await withThrowingTaskGroup(of: TaskChanges.self) { group in
            var open = before
            for opened in 0..<count {
                group.addTask {
                    try await client.changes(
                        owner: configuration.owner, since: position.revision, term: position.term, wait: .seconds(60))
                }
                // Open as many at a time as the listen queue accepts.
                if opened % 100 == 99 || opened + 1 == count {
                    open = try await usage(when: { $0.openFiles >= before.openFiles + opened })
                }
            }
            let memory = Double(open.residentBytes - before.residentBytes) / 1024 / Double(count)
            print(
                "\(count) watches: \(memory) KiB each, \(open.processorSeconds - before.processorSeconds) s of CPU time to open them"
            )
            try await Task.sleep(for: .seconds(idle))
            let after = try ProcessUsage(of: process)
            print("\(idle) s without changes: \(after.processorSeconds - open.processorSeconds) s of CPU time")
            let answered = try await group.reduce(into: 0) { sum, _ in sum += 1 }
            let end = try ProcessUsage(of: process)
            print(
                "all \(answered) answered: \(end.processorSeconds - after.processorSeconds) s of CPU time; \(end.residentBytes >> 10) KiB in total"
            )
        }
    }

    /// Returns the resource usage of the manager as soon as a condition holds.
    ///
    /// - Throws: An error if the condition does not hold within 10 s.
    private func usage(when condition: (ProcessUsage) -> Bool) async throws -> ProcessUsage {
        for _ in 0..<1000 {
            let usage = try ProcessUsage(of: process)
            if condition(usage) { return usage }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw ValidationError(
            "process \(process) does not accept that many connections: it has \(try ProcessUsage(of: process).openFiles) open files"
        )
    }

    /// Raises the limit of open files, up to the hard limit.
    private func allowFiles(_ count: Int) {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = min(limit.rlim_max, max(limit.rlim_cur, rlim_t(count)))
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
