import ArgumentParser
import CubeErrors
import CubeOrchestratorClient
import CubeTransport
import CubeTypes
import Logging

/// Figures of a manager that runs and of the clients that call it.
///
/// Build it for release. What it tells of one run can be compared; seconds of two runs, or of two machines, cannot.
@main
struct Benchmarks: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cube-bench", abstract: "Measures a manager that runs, and the clients that call it.",
        subcommands: [CallBenchmark.self, WatchBenchmark.self])
}

/// Which manager is measured.
struct ManagerOption: ParsableArguments {
    @Option(
        name: .customLong("manager"),
        help: ArgumentHelp(
            "The manager: http://HOST:PORT or unix:PATH. (CUBE_MANAGER; its token: CUBE_TOKEN_FILE)", valueName: "url"))
    var url: String?

    /// Where the manager is, and its token, as any program of the SDK finds them.
    func found() throws -> (endpoint: Endpoint, configuration: ClientConfiguration) {
        var options = ClientOptions()
        // Retries would hide what they cost.
        options.retries.attempts = 1
        options.logger = Logger(label: "cube-bench") { _ in SwiftLogNoOpLogHandler() }
        let configuration = try ClientConfiguration.load(
            managers: url.map { try ManagerLocation(checking: $0) }, options: options)
        guard case .endpoints(let endpoints) = configuration.managers, endpoints.count == 1 else {
            throw ValidationError("name one manager by its address, not \(configuration.managers)")
        }
        return (endpoints[0], configuration)
    }
}
