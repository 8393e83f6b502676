/// A token bucket for retries: each call deposits a fraction of a retry, and each retry withdraws one.
struct RetryBudget: Hashable, Sendable {
    /// The maximum and initial number of retries.
    static let reserve = 10

    /// The balance in hundredths of a retry.
    private var balance = reserve * 100

    /// Records a call.
    ///
    /// - Parameter percentage: the percentage of a retry to deposit.
    mutating func deposit(_ percentage: Int) { balance = min(balance + max(percentage, 0), Self.reserve * 100) }

    /// Withdraws a retry.
    ///
    /// - Returns: whether a retry was available.
    mutating func withdraw() -> Bool {
        guard balance >= 100 else { return false }
        balance -= 100
        return true
    }
}
