/// A token bucket: each call puts a share of a retry into it, each retry takes a whole one out.
struct RetryBudget: Hashable, Sendable {
    /// How many retries it holds at most, and at the beginning.
    static let reserve = 10

    /// In hundredths of a retry.
    private var balance = reserve * 100

    /// Takes in a call.
    ///
    /// - Parameter percentage: how much of a retry it is worth.
    mutating func deposit(_ percentage: Int) { balance = min(balance + max(percentage, 0), Self.reserve * 100) }

    /// Takes a retry out.
    ///
    /// - Returns: whether there was one.
    mutating func withdraw() -> Bool {
        guard balance >= 100 else { return false }
        balance -= 100
        return true
    }
}
