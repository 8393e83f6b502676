import HTTPTypes
import Hummingbird
import NIOCore

/// A metric in the Prometheus text format, version 0.0.4.
package struct Metric: Sendable {
    package enum Kind: String, Sendable { case counter, gauge, histogram }

    package struct Sample: Sendable {
        /// The suffix of the metric's name, such as `_sum` for a histogram.
        var suffix = ""
        var labels: [(name: String, value: String)] = []
        var value: Double
    }

    private let name: String
    private let kind: Kind
    private let help: String
    private let samples: [Sample]

    /// A metric with one value.
    package init(_ name: String, _ help: String, kind: Kind = .gauge, _ value: Double) {
        self.init(name, help, kind: kind, samples: [Sample(value: value)])
    }

    /// A metric with one value for each value of a label.
    package init(
        _ name: String, _ help: String, kind: Kind = .gauge, by label: String, _ values: [String: Double]
    ) {
        self.init(
            name, help, kind: kind,
            samples: values.sorted { $0.key < $1.key }.map { Sample(labels: [(label, $0.key)], value: $0.value) })
    }

    /// A histogram, from the number of observed values in each bucket and their sum.
    package init(histogram name: String, _ help: String, bounds: [Double], counts: [Int], sum: Double) {
        var total = 0
        var samples: [Sample] = []
        for (bound, count) in zip(bounds.map { "\($0)" } + ["+Inf"], counts) {
            total += count
            samples.append(Sample(suffix: "_bucket", labels: [("le", bound)], value: Double(total)))
        }
        samples += [Sample(suffix: "_sum", value: sum), Sample(suffix: "_count", value: Double(total))]
        self.init(name, help, kind: .histogram, samples: samples)
    }

    /// A metric with any number of samples.
    init(_ name: String, _ help: String, kind: Kind, samples: [Sample]) {
        self.name = name
        self.kind = kind
        self.help = help
        self.samples = samples
    }

    var text: String {
        "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n" + samples.map { "\(line($0))\n" }.joined()
    }

    private func line(_ sample: Sample) -> String {
        let labels = sample.labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",")
        let value = Int(exactly: sample.value).map(String.init) ?? "\(sample.value)"
        return name + sample.suffix + (labels.isEmpty ? "" : "{\(labels)}") + " " + value
    }

    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}

extension RouteTable {
    /// The `/metrics` endpoint of every server, for a monitoring system.
    static func metrics(
        _ access: Route.Access, _ metrics: @Sendable @escaping () async throws -> [Metric]
    ) -> Route {
        Route(
            .get, "/metrics", access,
            Operation(
                "getPrometheusMetrics", "Returns metrics for a monitoring system.",
                .text("text/plain", "The metrics in the Prometheus text format, version 0.0.4."))
        ) { call in
            let text = try await (metrics() + [call.refusals.metric]).map(\.text).joined()
            return Response(
                status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
        }
    }
}
