import ArgumentParser
import AsyncHTTPClient
import CubeManagerClient
import CubeOrchestratorClient
import CubeTypes
import FoundationEssentials
import Glibc
import NIOCore
import NIOHTTP1

/// Measures the overhead of the client over the underlying HTTP client, by sending the same request with each of them
/// alternately.
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
        let client = ManagerClient(endpoint: endpoint, token: configuration.token, options: configuration.options)
        let plain = PlainClient(endpoint, token: configuration.token)

        var plainFigures = CallFigures()
        var clientFigures = CallFigures()
        for round in 0...rounds {
            let one = try await measure { try await plain.cluster() }
            let other = try await measure { _ = try await client.clusterStatus() }
            guard round > 0 else { continue }
            plainFigures += one
            clientFigures += other
        }
        try await plain.shutdown()
        print("plain   \(plainFigures)")
        print("client  \(clientFigures)")
        let rate = clientFigures.rate / plainFigures.rate
        let effort = clientFigures.processorTime / plainFigures.processorTime
        print("client / plain: \(rate.short) times the calls per second, \(effort.short) times the CPU time")
    }

    /// Runs one round of calls.
    private func measure(_ call: @Sendable @escaping () async throws -> Void) async throws -> CallFigures {
        let clock = ContinuousClock()
        let (began, busy) = (clock.now, processorTime())
        let spans = try await withThrowingTaskGroup(of: [Duration].self) { group in
            for _ in 0..<width {
                group.addTask { [calls] in
                    var spans: [Duration] = []
                    for _ in 0..<calls { spans.append(try await clock.measure { try await call() }) }
                    return spans
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        return CallFigures(spans: spans, time: began.duration(to: clock.now), busy: processorTime() - busy)
    }
}

/// The measurements of a number of calls.
private struct CallFigures: CustomStringConvertible {
    private var spans: [Duration] = []
    private var time = Duration.zero
    private var busy = Duration.zero

    init() {}

    init(spans: [Duration], time: Duration, busy: Duration) {
        self.spans = spans
        self.time = time
        self.busy = busy
    }

    /// Calls per second.
    var rate: Double { Double(spans.count) / (time / .seconds(1)) }

    /// CPU time of this process per call.
    var processorTime: Duration { busy / spans.count }

    static func += (figures: inout CallFigures, more: CallFigures) {
        figures.spans += more.spans
        figures.time += more.time
        figures.busy += more.busy
    }

    var description: String {
        let sorted = spans.sorted()
        let (median, late) = (sorted[sorted.count / 2], sorted[sorted.count * 99 / 100])
        return
            "\(Int(rate)) calls/s, p50 \(median.short), p99 \(late.short), \(processorTime.short) CPU time per call"
    }
}

/// A client that makes the same call without the SDK, except for the types of the response.
private struct PlainClient {
    private let client: HTTPClient
    private let request: HTTPClientRequest

    init(_ endpoint: Endpoint, token: String?) {
        var configuration = HTTPClient.Configuration()
        configuration.httpVersion = .http1Only
        client = HTTPClient(configuration: configuration)
        let base =
            switch endpoint.address {
            case .tcp: endpoint.rawValue
            case .unix(let path): "http+unix://\(path.split(separator: "/").map { "%2F\($0)" }.joined())"
            }
        var request = HTTPClientRequest(url: base + "/api/v1/manager/cluster")
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        self.request = request
    }

    func cluster() async throws {
        let response = try await client.execute(request, timeout: .seconds(20))
        let bytes = try await response.body.collect(upTo: 1 << 20)
        _ = try JSONDecoder().decode(ClusterStatus.self, from: Data(bytes.readableBytesView))
    }

    func shutdown() async throws { try await client.shutdown() }
}

extension Duration {
    /// The duration in whole microseconds.
    fileprivate var short: String { "\(Int(self / .microseconds(1))) µs" }
}

extension Double {
    /// The number with two decimal places.
    fileprivate var short: String { "\((self * 100).rounded() / 100)" }
}

/// The CPU time that this process has used.
private func processorTime() -> Duration {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return [usage.ru_utime, usage.ru_stime].reduce(.zero) { $0 + .seconds($1.tv_sec) + .microseconds($1.tv_usec) }
}
