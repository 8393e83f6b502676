package import CubeErrors
import CubeSystem
import CubeTypes

/// Explains why a TLS connection was not trusted, as far as it can be found out: the TLS library only says that it was not.
enum DistrustReport {
    /// Clocks that differ by less are no reason; the certificates of Cube tolerate more.
    private static let tolerance = Duration.seconds(60)

    static func explained(_ failure: WireError, _ endpoint: Endpoint, _ options: ClientOptions) async -> WireError {
        // Without a response, there is nothing to add.
        guard let found = try? await AuthorityLookup.ask(endpoint, options) else { return failure }
        let reasons = reasons(found, options.tls, now: DurableInstant.now().wall)
        guard !reasons.isEmpty else { return failure }
        var failure = failure
        failure.error.message += "; " + reasons.joined(separator: "; ")
        if isUnnamed(found, options.tls) { failure.error.details = [authority: unnamed] }
        return failure
    }

    /// The key of the detail that says what is wrong with the authority of the server.
    fileprivate static let authority = "authority"
    /// The value of that detail if nothing names the authority.
    fileprivate static let unnamed = "unnamed"

    /// Whether the server has an authority of its own, and the client trusts only those of its machine.
    private static func isUnnamed(_ found: AuthorityLookup.Found, _ tls: TLSOptions) -> Bool {
        tls.trust == nil && tls.authorityFile == nil && !found.authorities.isEmpty
    }

    /// The reasons that follow from what the server says of itself. A pure function.
    static func reasons(_ found: AuthorityLookup.Found, _ tls: TLSOptions, now: Timestamp) -> [String] {
        let trust = tls.trust
        var reasons: [String] = []
        if let time = found.time, let difference = difference(from: time, to: now) { reasons.append(difference) }
        if isUnnamed(found, tls) {
            // Its fingerprint is left out, because nobody has verified it, and it must not be added to a token.
            reasons.append(
                "the server has a certificate authority of its own, which only a token with the fingerprint of that authority "
                    + "names (SECRET.FINGERPRINT)")
        }
        if case .fingerprint(let fingerprint, _) = trust, found.authorities[fingerprint] == nil,
            let other = found.authorities.keys.sorted().first
        {
            reasons.append("the server has the authority \(other), not \(fingerprint), which the token names")
        }
        if case .authority(let pem, _) = trust, let other = found.authorities.keys.sorted().first,
            !AuthorityLookup.fingerprints(inPEM: pem).contains(other)
        {
            reasons.append(
                "the server has another authority than this cluster, with the fingerprint \(other): it is another manager, or "
                    + "its data directory is a new one")
        }
        return reasons
    }

    private static func difference(from server: Timestamp, to now: Timestamp) -> String? {
        let difference = now - server
        guard difference > tolerance || difference < .zero - tolerance else { return nil }
        let (word, span) = difference > .zero ? ("ahead of", difference) : ("behind", .zero - difference)
        return
            "the clock of this machine is about \(rounded(span)) \(word) the clock of the server; "
            + "set the clocks, for example with NTP"
    }

    /// A span in the largest unit of which it has at least two, as the rest tells nobody anything.
    private static func rounded(_ span: Duration) -> String {
        let seconds = (span / .seconds(1)).rounded()
        let unit = [("days", 86_400.0), ("hours", 3600), ("minutes", 60)].first { seconds >= 2 * $0.1 }
        return unit.map { "\(Int((seconds / $0.1).rounded())) \($0.0)" } ?? "\(Int(seconds)) seconds"
    }
}

extension APIError {
    /// Whether a server was not trusted because it has an authority of its own, which neither the token nor an option of the client
    /// names.
    package var isOfUnnamedAuthority: Bool { details?[DistrustReport.authority] == DistrustReport.unnamed }
}
