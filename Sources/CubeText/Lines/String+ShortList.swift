extension [String] {
    /// The first ten elements, and the number of the remaining ones.
    package var shortList: String {
        prefix(10).joined(separator: ", ") + (count > 10 ? " and \(count - 10) more" : "")
    }
}
