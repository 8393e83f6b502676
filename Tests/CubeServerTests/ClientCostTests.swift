import AsyncHTTPClient
import CubeManagerClient
import CubeTransport
import CubeTypes
import FoundationEssentials
import HTTPTypes
import NIOCore
import NIOHTTP1
import Testing

@testable import CubeServer

/// What the client costs beside the HTTP client that it stands on: the same request, both ways by turns, in one run. Asked for
/// by `CUBE_MEASURE`, as its figures are worth something on a machine that does nothing else, and of a release build.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["CUBE_MEASURE"] != nil))
struct ClientCostTests {
    private static let width = 8
    private static let calls = 500

    @Test func `the client makes most of the calls in a second that plain HTTP makes`() async throws {
        try await ManagerEndpointTests().withManager { _, endpoint in
            let transport = ManagerClient(endpoint: endpoint, token: tokens[.write], options: quiet)
            let plain: @Sendable () async throws -> Void = {
                var request = HTTPClientRequest(url: endpoint.rawValue + "/api/v1/manager/cluster")
                request.headers.add(name: "Authorization", value: "Bearer \(tokens[.write]!)")
                let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
                let bytes = try await response.body.collect(upTo: 1 << 20)
                _ = try JSONDecoder().decode(ClusterStatus.self, from: Data(bytes.readableBytesView))
            }
            let ours: @Sendable () async throws -> Void = { _ = try await transport.cluster() }
            // What is used first pays for the connections of both.
            for call in [plain, ours] { _ = try await measure(call) }
            var spans: (plain: [Duration], ours: [Duration]) = ([], [])
            var times: (plain: Duration, ours: Duration) = (.zero, .zero)
            for _ in 0..<6 {
                let (some, time) = try await measure(plain)
                let (others, otherTime) = try await measure(ours)
                spans.plain += some
                spans.ours += others
                times.plain += time
                times.ours += otherTime
            }
            let ratio = times.plain / times.ours
            print(
                "plain: \(report(spans.plain, times.plain)); client: \(report(spans.ours, times.ours)); ratio \(ratio)")
            #expect(ratio > 0.5)
        }
    }

    private func report(_ spans: [Duration], _ time: Duration) -> String {
        let sorted = spans.sorted()
        return "\(Int(Double(spans.count) / (time / .seconds(1)))) calls/s, p99 \(sorted[sorted.count * 99 / 100])"
    }

    /// Makes calls, some at a time.
    private func measure(
        _ call: @Sendable @escaping () async throws -> Void
    ) async throws -> (spans: [Duration], time: Duration) {
        let clock = ContinuousClock()
        let began = clock.now
        let spans = try await withThrowingTaskGroup(of: [Duration].self) { group in
            for _ in 0..<Self.width {
                group.addTask {
                    var spans: [Duration] = []
                    for _ in 0..<Self.calls { spans.append(try await clock.measure { try await call() }) }
                    return spans
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        return (spans, began.duration(to: clock.now))
    }
}
