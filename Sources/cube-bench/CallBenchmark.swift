import ArgumentParser
import CubeOrchestratorClient

/// Measures the overhead of the client over the underlying HTTP client at a manager that runs.
struct CallBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "calls", abstract: "Query the cluster status with the client and with plain HTTP, alternately.")

    @OptionGroup var manager: ManagerOption
    @Option(help: "Number of concurrent callers.") var width = 8
    @Option(help: "Number of calls per caller and round.") var calls = 1000
    @Option(help: "Number of measured rounds, after one warm-up round that opens the connections.") var rounds = 6

    func validate() throws {
        for (name, value) in [("width", width), ("calls", calls), ("rounds", rounds)] where value < 1 {
            throw ValidationError("--\(name) must be above 0, not \(value)")
        }
    }

    func run() async throws {
        let (endpoint, configuration) = try manager.found()
        let rounds = try await CallComparison(
            endpoint: endpoint, token: configuration.token, options: configuration.options, width: width,
            calls: calls, rounds: rounds
        ).run()
        let (plain, client) = (rounds.plain.reduce(CallFigures(), +), rounds.client.reduce(CallFigures(), +))
        print("plain   \(plain)")
        print("client  \(client)")
        let (rate, effort) = (client.rate / plain.rate, client.processorTime / plain.processorTime)
        print("client / plain: \(rate.short) times the calls per second, \(effort.short) times the CPU time")
    }
}

extension Double {
    /// The number with two decimal places.
    fileprivate var short: String { "\((self * 100).rounded() / 100)" }
}
