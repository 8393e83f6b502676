import AsyncHTTPClient
import CubeManagerClient
import CubeTransport
import CubeTypes
import FoundationEssentials
import Glibc
import NIOCore
import NIOHTTP1

/// The overhead of the client over the underlying HTTP client: the same request with each of them alternately.
struct CallComparison {
    var endpoint: Endpoint
    var token: String?
    var options: ClientOptions
    /// The number of concurrent callers, and of calls per caller and round.
    var width: Int
    var calls: Int
    var rounds: Int

    /// Measures the rounds, after one round that opens the connections.
    func run() async throws -> (plain: [CallFigures], client: [CallFigures]) {
        let client = ManagerClient(endpoint: endpoint, token: token, options: options)
        let plain = PlainClient(endpoint, token: token)
        var (plainRounds, clientRounds): ([CallFigures], [CallFigures]) = ([], [])
        for round in 0...rounds {
            let one = try await measure { try await plain.cluster() }
            let other = try await measure { _ = try await client.clusterStatus() }
            guard round > 0 else { continue }
            plainRounds.append(one)
            clientRounds.append(other)
        }
        try await plain.shutdown()
        return (plainRounds, clientRounds)
    }

    /// Runs one round of calls.
    private func measure(_ call: @Sendable @escaping () async throws -> Void) async throws -> CallFigures {
        let clock = ContinuousClock()
        let (began, busy) = (clock.now, MeasuredPart.processorSeconds())
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
        return CallFigures(
            spans: spans, time: began.duration(to: clock.now), busy: .seconds(MeasuredPart.processorSeconds() - busy))
    }
}

extension CallComparison {
    /// Figures p: the calls per second, and the CPU time of a call.
    static func figures(calls: Int, repetitions: Int) async throws -> [Figure] {
        let manager = try await RunningManager()
        defer { manager.end() }
        // Retries would hide their own cost.
        var options = RunningManager.clientOptions
        options.retries.attempts = 1
        let (plain, client) = try await CallComparison(
            endpoint: manager.endpoint, token: manager.token, options: options, width: 8, calls: calls,
            rounds: repetitions
        ).run()
        let cores = client.reduce(CallFigures(), +).cores
        func figure(
            _ id: String, _ name: String, _ value: (CallFigures) -> Double, worst: ([Double]) -> Double?, unit: String,
            aim: String, isMet: (Double) -> Bool
        ) -> Figure {
            let (figures, floor) = (client.map(value), plain.map(value).median)
            let ratio = figures.median / floor
            return Figure(
                id: id, name: name, figure: figures.median, p99: worst(figures) ?? 0, unit: unit, cores: cores,
                against: "AsyncHTTPClient", floor: floor, ratio: ratio, aim: aim, met: isMet(ratio))
        }
        return [
            figure("p", "calls of the client", \.rate, worst: { $0.min() }, unit: "/s", aim: "≥ 0.95 ×") { $0 >= 0.95 },
            figure(
                "p1", "CPU time of such a call", { $0.processorTime / .microseconds(1) }, worst: { $0.max() },
                unit: "µs",
                aim: "≤ 1.1 ×"
            ) { $0 <= 1.1 },
        ]
    }
}

/// The measurements of a number of calls.
struct CallFigures: CustomStringConvertible {
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

    /// Seconds of CPU time for each second that passed.
    var cores: Double { busy / time }

    static func + (figures: CallFigures, more: CallFigures) -> CallFigures {
        CallFigures(spans: figures.spans + more.spans, time: figures.time + more.time, busy: figures.busy + more.busy)
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
