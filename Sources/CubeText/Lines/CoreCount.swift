/// A number of processors.
package struct CoreCount: CustomStringConvertible {
    private let millicores: Int

    package init(millicores: Int) { self.millicores = millicores }

    /// - Returns: `nil` if the number is too large.
    package init?(_ cores: Double) {
        guard let millicores = Int(exactly: (cores * 1000).rounded()) else { return nil }
        self.millicores = millicores
    }

    /// As in a manifest: `2`, `0.5`, `0.125`.
    package var description: String {
        let (whole, rest) = millicores.quotientAndRemainder(dividingBy: 1000)
        guard rest != 0 else { return "\(whole)" }
        var digits = String(rest.magnitude)
        digits = String(repeating: "0", count: 3 - digits.count) + digits
        while digits.hasSuffix("0") { digits.removeLast() }
        return "\(millicores < 0 && whole == 0 ? "-" : "")\(whole).\(digits)"
    }

    /// With two decimals, for figures that change: `0.50`.
    package var precise: String {
        let (whole, rest) = ((millicores + 5) / 10).quotientAndRemainder(dividingBy: 100)
        return "\(whole).\(rest < 10 ? "0" : "")\(rest)"
    }
}
