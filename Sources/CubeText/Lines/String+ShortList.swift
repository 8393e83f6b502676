extension [String] {
    /// The first ten, and how many more there are.
    package var shortList: String {
        prefix(10).joined(separator: ", ") + (count > 10 ? " and \(count - 10) more" : "")
    }
}
