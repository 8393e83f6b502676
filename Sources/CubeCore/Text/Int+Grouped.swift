extension Int {
    /// For a person: its digits in groups of three, such as `1,000,000`.
    package var grouped: String {
        let digits = Array("\(magnitude)")
        let groups = stride(from: digits.count, to: 0, by: -3).map { String(digits[..<$0].suffix(3)) }
        return (self < 0 ? "-" : "") + groups.reversed().joined(separator: ",")
    }
}
