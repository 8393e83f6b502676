import CubeManagerClient
import CubeSystem
import CubeText
import CubeTypes

/// Measures nodes through their manager.
struct UsageReader {
    /// The time that all nodes together have for their responses.
    private let limit: Duration
    private let client: ManagerClient
    private var latest: [NodeName: WorkerMetrics] = [:]
    /// Why nodes were not measured, sorted by node.
    private(set) var failures: [String] = []

    /// How many nodes are asked at the same time.
    private static let calls = 64

    init(client: ManagerClient, limit: Duration = .seconds(5)) {
        self.client = client
        self.limit = limit
    }

    /// Measures all nodes, and compares them with the last measurement.
    mutating func read() async throws -> UsagePicture {
        try await read(try await client.workers().nodes.map(\.name))
    }

    /// Measures some nodes, and compares them with the last measurement.
    mutating func read(_ nodes: [NodeName]) async throws -> UsagePicture {
        let answers = try await measure(nodes)
        try Task.checkCancellation()
        let before = latest
        latest = [:]
        failures = []
        for (name, answer) in answers.sorted(by: { $0.key < $1.key }) {
            switch answer {
            case .success(let metrics): latest[name] = metrics
            case .failure(let error): failures.append("\(name) was not measured: \(error)")
            case nil: failures.append("\(name) was not measured: no response within \(limit.text)")
            }
        }
        return UsagePicture(latest, before: before)
    }

    /// Measures nodes twice within a moment, so that their processors can be measured too. A node that does not respond the first
    /// time is not asked again.
    mutating func readAtOnce(_ nodes: [NodeName]) async throws -> UsagePicture {
        _ = try await read(nodes)
        let missing = failures
        guard !latest.isEmpty else { return UsagePicture([:], before: [:]) }
        try await Task.sleep(for: .milliseconds(250))
        let picture = try await read(latest.keys.sorted())
        failures = (missing + failures).sorted()
        return picture
    }

    /// The result of a measurement; `nil` if the node did not respond in time.
    private typealias Answer = Result<WorkerMetrics, any Error>?

    private func measure(_ nodes: [NodeName]) async throws -> [NodeName: Answer] {
        let (client, end) = (client, ContinuousClock.now + limit)
        return try await withThrowingTaskGroup(of: (NodeName, Answer).self) { group in
            var answers: [NodeName: Answer] = [:]
            for (index, node) in nodes.enumerated() {
                if index >= Self.calls, let (name, answer) = try await group.next() {
                    answers.updateValue(answer, forKey: name)
                }
                group.addTask { (node, await Self.measure(node, until: end, client)) }
            }
            for try await (name, answer) in group { answers.updateValue(answer, forKey: name) }
            return answers
        }
    }

    private static func measure(
        _ node: NodeName, until end: ContinuousClock.Instant, _ client: ManagerClient
    ) async -> Answer {
        do {
            let metrics = try await ContinuousClock().within(end - .now) { try await client.metrics(of: node) }
            return metrics.map(Result.success)
        } catch {
            return .failure(error)
        }
    }
}
