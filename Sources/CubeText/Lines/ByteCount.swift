/// A number of bytes, printed in the largest unit that does not exceed it.
package struct ByteCount: CustomStringConvertible {
    private let bytes: Int
    package init(_ bytes: Int) { self.bytes = bytes }

    package var description: String {
        let (unit, size) = scale
        return "\(bytes / size) \(unit)"
    }

    /// With one decimal where the number has only one digit, for figures that change: `1.6 MiB`, `16 MiB`.
    package var precise: String {
        let (unit, size) = scale
        guard size > 1, bytes / size < 10 else { return description }
        return "\(bytes / size).\(bytes % size * 10 / size) \(unit)"
    }

    /// Amounts in one unit, that of the largest: `0.3/2.0/7.5 GiB`. An unknown amount is `-`.
    package static func joined(_ amounts: Int?...) -> String {
        let (unit, size) = ByteCount(amounts.compactMap(\.self).max() ?? 0).scale
        let texts = amounts.map { amount -> String in
            guard let amount else { return "-" }
            guard size > 1, amount > 0, amount / size < 10 else { return "\(amount / size)" }
            return "\(amount / size).\(amount % size * 10 / size)"
        }
        return "\(texts.joined(separator: "/")) \(unit)"
    }

    private var scale: (unit: String, size: Int) {
        var scale = (unit: "B", size: 1)
        for unit in ["KiB", "MiB", "GiB", "TiB"] where bytes / scale.size >= 1024 { scale = (unit, scale.size * 1024) }
        return scale
    }
}
