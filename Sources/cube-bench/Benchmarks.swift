import ArgumentParser
import CubeErrors
import CubeOrchestratorClient
import CubeTransport
import CubeTypes
import Logging

/// Benchmarks of a running manager, of the clients that call it, and of parts by themselves.
///
/// Build it in release mode. Compare only figures of the same run; absolute times of different runs or machines are not
/// comparable.
@main
struct Benchmarks: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cube-bench",
        abstract: "Measure Cube: a running manager, the clients that call it, and parts by themselves.",
        subcommands: [
            CallBenchmark.self, FigureBenchmark.self, FleetBenchmark.self, HelloServer.self,
            WatchBenchmark.self,
        ])
}

/// The manager to measure.
struct ManagerOption: ParsableArguments {
    @Option(
        name: .customLong("manager"),
        help: ArgumentHelp(
            "Address of the manager: http://HOST:PORT or unix:PATH. (CUBE_MANAGER; token: CUBE_TOKEN_FILE)",
            valueName: "url"))
    var url: String?

    /// The address and the token of the manager, found in the same way as by any program that uses the SDK.
    func found() throws -> (endpoint: Endpoint, configuration: ClientConfiguration) {
        var options = ClientOptions()
        // Retries would hide their own cost.
        options.retries.attempts = 1
        options.logger = Logger(label: "cube-bench") { _ in SwiftLogNoOpLogHandler() }
        let configuration = try ClientConfiguration.load(
            managers: url.map { try ManagerLocation(checking: $0) }, options: options)
        guard case .endpoints(let endpoints) = configuration.managers, endpoints.count == 1 else {
            throw ValidationError("--manager must be the address of one manager, not \(configuration.managers)")
        }
        return (endpoints[0], configuration)
    }
}
