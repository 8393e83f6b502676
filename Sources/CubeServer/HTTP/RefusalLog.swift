import CubeErrors
import Hummingbird
import Logging
import NIOCore
import Synchronization

/// Counts the calls that are refused because of their token, and logs them at a limited rate: often enough to find a worker with a
/// wrong token, but too rarely to fill a log.
final class RefusalLog: Sendable {
    /// The reasons for which a call is refused, as a metric names them.
    static let reasons = ["missing", "wrong", "expired", "forbidden"]

    private struct State {
        /// The time of the last log entry.
        var last: Duration?
        /// The number of calls that were refused since the last log entry.
        var unlogged = 0
        var counts: [String: Int] = [:]
    }

    private static let pause: Duration = .seconds(10)
    private let elapsed: @Sendable () -> Duration
    private let state = Mutex(State())

    init(clock: some Clock<Duration>) {
        let start = clock.now
        elapsed = { start.duration(to: clock.now) }
    }

    /// Notes an error, if it is a refusal because of the token.
    func note(_ request: Request, from channel: (any Channel)?, _ error: APIError, _ logger: Logger) {
        let reason: String
        switch error.reason {
        case .unauthorized: reason = error.details?[APIError.token] ?? "wrong"
        case .forbidden: reason = "forbidden"
        default: return
        }
        let unlogged: Int? = state.withLock { state in
            state.counts[reason, default: 0] += 1
            let now = elapsed()
            guard error.reason == .unauthorized, state.last.map({ now - $0 >= Self.pause }) ?? true else {
                if error.reason == .unauthorized { state.unlogged += 1 }
                return nil
            }
            defer { state.unlogged = 0 }
            state.last = now
            return state.unlogged
        }
        guard let unlogged else { return }
        logger.warning(
            "refused a call without a valid token or certificate",
            metadata: [
                "call": "\(request.method) \(request.uri.path.prefix(200))",
                "from": "\(channel?.remoteAddress?.ipAddress ?? "unknown")", "error": "\(error.message)",
                "others": "\(unlogged)",
            ])
    }

    /// The number of refused calls by reason.
    var metric: Metric {
        let counts = state.withLock(\.counts)
        return Metric(
            "cube_refused_calls_total",
            "Number of calls that were refused because of their token: missing, wrong, expired, or not allowed to make the call.",
            kind: .counter, by: "reason",
            Dictionary(uniqueKeysWithValues: Self.reasons.map { ($0, Double(counts[$0] ?? 0)) }))
    }
}
