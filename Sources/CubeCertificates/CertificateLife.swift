package import CubeTypes

/// The period in which a certificate is valid, and when it is due for renewal. A pure value.
package struct CertificateLife: Hashable, Sendable {
    package var from: Timestamp
    package var until: Timestamp

    package init(from: Timestamp, until: Timestamp) {
        self.from = from
        self.until = until
    }

    /// How far the clocks of two machines may differ. Certificates begin this much before they are issued.
    package static let tolerance = Duration.seconds(300)

    /// The life of a certificate that is issued now.
    package init(issuedAt now: Timestamp, lasting lifetime: Duration) {
        self.init(from: now - Self.tolerance, until: now + lifetime)
    }

    package enum Problem: Hashable, Sendable {
        case notYetValid(by: Duration)
        case expired(by: Duration)
    }

    /// The reason why the certificate is not valid at a time; `nil` if it is.
    package func problem(at now: Timestamp) -> Problem? {
        if now < from { return .notYetValid(by: from - now) }
        if now > until { return .expired(by: now - until) }
        return nil
    }

    /// The time at which the certificate is due for renewal: when two thirds of its life are over, or up to a twelfth of its life
    /// earlier, so that the workers of a cluster do not renew all at once.
    ///
    /// - Parameter share: The share of the jitter that applies, from 0 to 1.
    package func renewal(share: Double) -> Timestamp {
        let span = max(until - (from + Self.tolerance), .zero)
        return until - (span / 3 + span / 12 * share)
    }
}

extension Timestamp {
    fileprivate static func - (moment: Timestamp, span: Duration) -> Timestamp { moment + (.zero - span) }
}
