extension String {
    /// The beginning of a text that may be of any length, with a note of how much is missing.
    ///
    /// - Parameter limit: how many bytes it has at most, the note included; enough for the note, which takes up to 40. It is cut
    ///   between two Unicode scalars.
    package func shortened(to limit: Int) -> String {
        guard utf8.count > limit else { return self }
        func note(_ missing: Int) -> String { "… (\(missing) more bytes)" }
        var end = utf8.index(startIndex, offsetBy: max(limit - note(utf8.count).utf8.count, 0))
        while end > startIndex, end.samePosition(in: unicodeScalars) == nil { end = utf8.index(before: end) }
        return "\(self[..<end])\(note(utf8.distance(from: end, to: endIndex)))"
    }
}
