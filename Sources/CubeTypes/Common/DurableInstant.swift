/// A moment that is stored and later compared, possibly by another process or after a reboot.
///
/// Within one boot, the boot-time clock decides: nobody can set it, and it includes the time for which the machine sleeps. Under
/// another boot or on another machine, the wall clock decides. Because the wall clock may have been set back, a moment in the
/// future then counts as now. Compare moments with ``since(_:)`` and ``DurableDeadline``, never by ``wall``, which is for people.
///
/// The stored form is `{"boot": "…", "uptime": 81250, "wall": "2026-01-02T03:04:05.678Z"}`, with `uptime` in milliseconds. A
/// bare RFC 3339 time, which older versions wrote, is decoded as a moment of an unknown boot.
package struct DurableInstant: Hashable, Sendable {
    /// The id of the boot; empty if it is unknown.
    package var boot: String
    /// The reading of the boot-time clock, which counts from that boot.
    package var uptime: Duration
    /// The reading of the wall clock, for people and for comparisons across boots.
    package var wall: Timestamp

    package init(boot: String, uptime: Duration, wall: Timestamp) {
        self.boot = boot
        self.uptime = uptime
        self.wall = wall
    }

    /// Creates a moment of an unknown boot, of which only the wall-clock time is known.
    package init(wall: Timestamp) { self.init(boot: "", uptime: .zero, wall: wall) }

    /// Returns the time from an earlier moment to this one; never negative.
    package func since(_ earlier: DurableInstant) -> Duration {
        max(isSameBoot(as: earlier) ? uptime - earlier.uptime : wall - earlier.wall, .zero)
    }

    /// Whether this moment lies in the future of another one, by the clock that decides between the two.
    package func isLater(than other: DurableInstant) -> Bool {
        isSameBoot(as: other) ? uptime > other.uptime : wall > other.wall
    }

    /// Returns the moment that is later by a duration, in the same boot.
    package static func + (moment: DurableInstant, span: Duration) -> DurableInstant {
        DurableInstant(boot: moment.boot, uptime: moment.uptime + span, wall: moment.wall + span)
    }

    private func isSameBoot(as other: DurableInstant) -> Bool { !boot.isEmpty && boot == other.boot }
}

extension DurableInstant: Codable {
    private enum CodingKeys: String, CodingKey { case boot, uptime, wall }

    package init(from decoder: any Decoder) throws {
        // Older versions wrote a bare time instead of an object.
        guard let container = try? decoder.container(keyedBy: CodingKeys.self) else {
            self.init(wall: try decoder.singleValueContainer().decode(Timestamp.self))
            return
        }
        self.init(
            boot: try container.decode(String.self, forKey: .boot),
            uptime: .milliseconds(try container.decode(Int64.self, forKey: .uptime)),
            wall: try container.decode(Timestamp.self, forKey: .wall))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(boot, forKey: .boot)
        try container.encode(uptime.milliseconds, forKey: .uptime)
        try container.encode(wall, forKey: .wall)
    }
}

/// The end of a time span that began at a stored moment, such as a wait, a window, an approval or a lease.
///
/// It stores the beginning and the span instead of the end. The remaining time is therefore at most the span, even if clocks jump.
package struct DurableDeadline: Hashable, Sendable {
    package var began: DurableInstant
    package var span: Duration

    package init(_ span: Duration, from began: DurableInstant) {
        self.began = began
        self.span = span
    }

    /// Returns how much of the span remains, from zero to the whole span.
    package func remaining(at now: DurableInstant) -> Duration { max(span - now.since(began), .zero) }

    package func hasPassed(at now: DurableInstant) -> Bool { remaining(at: now) == .zero }

    /// The expected wall-clock time at the end, for people.
    package var wall: Timestamp { began.wall + span }
}

extension DurableDeadline: Codable {
    private enum CodingKeys: String, CodingKey {
        case began
        case span = "span_ms"
    }

    /// Decodes a bare time, which older versions wrote, as a deadline that has passed.
    package init(from decoder: any Decoder) throws {
        // Older versions wrote a bare time instead of an object.
        guard let container = try? decoder.container(keyedBy: CodingKeys.self) else {
            let wall = try decoder.singleValueContainer().decode(Timestamp.self)
            self.init(.zero, from: DurableInstant(wall: wall))
            return
        }
        self.init(
            .milliseconds(try container.decode(Int64.self, forKey: .span)),
            from: try container.decode(DurableInstant.self, forKey: .began))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(began, forKey: .began)
        try container.encode(span.milliseconds, forKey: .span)
    }
}
