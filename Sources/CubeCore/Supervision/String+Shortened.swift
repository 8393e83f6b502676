extension String {
    /// The beginning of a text for people that may be of any length, with a note of how much is missing.
    ///
    /// - Parameter limit: how many bytes of the text are kept at most; it is cut between two Unicode scalars.
    package func shortened(to limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var end = utf8.index(startIndex, offsetBy: max(limit, 0))
        while end > startIndex, end.samePosition(in: unicodeScalars) == nil { end = utf8.index(before: end) }
        return "\(self[..<end])… (\(utf8.distance(from: end, to: endIndex)) more bytes)"
    }
}
