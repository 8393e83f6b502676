import CubeErrors

/// The body of `POST /workers/{id}/drain`.
///
/// - Since: 0.1
public struct DrainRequest: Hashable, Sendable {
    /// How long a job may still run before it is stopped and started again on another node, at most ``longestJobsAfter``; zero does
    /// so at once. `nil` lets every job run to its end.
    public var jobsAfter: Duration?

    /// The longest ``jobsAfter``: 10 years.
    public static let longestJobsAfter: Duration = .seconds(3650 * 24 * 3600)

    public init(jobsAfter: Duration? = nil) { self.jobsAfter = jobsAfter }
}

extension DrainRequest: Codable {
    enum CodingKeys: String, CodingKey {
        case jobsAfter = "jobs_after"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(jobsAfter: try container.decodeIfPresent(DurationText.self, forKey: .jobsAfter)?.duration)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(jobsAfter.map { DurationText($0) }, forKey: .jobsAfter)
    }
}
