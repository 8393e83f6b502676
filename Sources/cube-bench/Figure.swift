import Glibc

/// A figure beside its floor or its peer, both measured in the same run.
struct Figure: Encodable {
    /// The letter of the figure, and what is measured.
    var id: String
    var name: String
    /// The median of the repetitions.
    var figure: Double
    /// The worst of a hundred repetitions; of fewer, the worst.
    var p99: Double
    var unit: String
    /// Seconds of processor time for each second that passed.
    var cores: Double
    /// What the figure is compared with, and its median in the same unit.
    var against: String
    var floor: Double
    /// The figure divided by the floor.
    var ratio: Double
    var aim: String
    var met: Bool

    private enum CodingKeys: String, CodingKey {
        case id, name, figure, p99, unit, cores, against, floor, ratio, aim, met
    }

    /// A line of the table for people.
    var line: String {
        let value = "\(figure.brief) \(unit) (p99 \(p99.brief))"
        return "\(id.padded(4))\(name.padded(36))\(value.padded(28))\(ratio.brief) × \(against) (\(floor.brief)); "
            + "aim \(aim): \(met ? "met" : "not met")"
    }
}

extension Figure {
    /// A figure that consists of times in milliseconds, of which less is better.
    ///
    /// - Parameter aim: The median and the 99th percentile to reach; without the latter, infinity.
    init(
        id: String, name: String, times: [Double], cores: Double, against: String, floor: [Double],
        aim: (median: Double, p99: Double)
    ) {
        let slowest = aim.p99.isFinite ? ", p99 ≤ \(aim.p99.brief) ms" : ""
        self.init(
            id: id, name: name, times: times, cores: cores, against: against, floor: floor,
            aim: "≤ \(aim.median.brief) ms\(slowest)", isMet: false)
        met = figure <= aim.median && p99 <= aim.p99
    }

    /// A figure that consists of times in milliseconds, which are to be near those of the floor.
    init(
        id: String, name: String, times: [Double], cores: Double, against: String, floor: [Double],
        ratioAtMost limit: Double
    ) {
        self.init(
            id: id, name: name, times: times, cores: cores, against: against, floor: floor, aim: "≤ \(limit.brief) ×",
            isMet: false)
        met = ratio <= limit
    }

    private init(
        id: String, name: String, times: [Double], cores: Double, against: String, floor: [Double], aim: String,
        isMet: Bool
    ) {
        let (median, slowest) = (times.median, times.sorted()[Int((Double(times.count) * 0.99).rounded(.up)) - 1])
        self.init(
            id: id, name: name, figure: median, p99: slowest, unit: "ms", cores: cores, against: against,
            floor: floor.median, ratio: median / floor.median, aim: aim, met: isMet)
    }
}

/// A program part that processes a number of bytes again and again.
struct MeasuredPart {
    var bytes: Int
    var run: () throws -> Void

    /// Returns the speed in MB/s, and the processor time per second that passed.
    func measure() throws -> (speed: Double, cores: Double) {
        let clock = ContinuousClock()
        let before = Self.processorSeconds()
        let seconds = try clock.measure { try run() } / .seconds(1)
        return (Double(bytes) / seconds / 1e6, (Self.processorSeconds() - before) / seconds)
    }

    /// The processor time that this process has used so far.
    static func processorSeconds() -> Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
    }
}

extension [Double] {
    var median: Double { sorted()[count / 2] }
}

extension Double {
    /// The number with about three digits.
    fileprivate var brief: String {
        if self >= 100 { return "\(Int(rounded()))" }
        return "\((self * 100).rounded() / 100)"
    }
}

extension String {
    fileprivate func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(width - count, 1)) }
}
