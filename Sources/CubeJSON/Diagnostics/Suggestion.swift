/// The word that somebody may have meant.
package enum Suggestion {
    /// The candidate that is the same but for case, `_`, `-` and spaces; else the candidate with the fewest edits, at most a
    /// third of its length, the first of several.
    package static func nearest(to word: String, among candidates: [String]) -> String? {
        let plain = plain(word)
        if let same = candidates.first(where: { self.plain($0) == plain }) { return same }
        let letters = Array(word.utf8.prefix(65))
        guard letters.count <= 64 else { return nil }  // No key is that long.
        return
            candidates
            .filter { abs($0.utf8.count - letters.count) <= limit(for: $0) }
            .map { (candidate: $0, edits: edits(from: letters, to: Array($0.utf8))) }
            .filter { $0.edits <= limit(for: $0.candidate) }
            .min { $0.edits < $1.edits }?.candidate
    }

    /// A word as one that wrote it in another style would recognise it: `envFrom`, `env-from` and `ENV_FROM` are the same.
    package static func plain(_ word: String) -> String {
        String(word.prefix(65).lowercased().filter { $0 != "_" && $0 != "-" && $0 != " " })
    }

    private static func limit(for candidate: String) -> Int { max(1, candidate.utf8.count / 3) }

    /// How many insertions, deletions, substitutions and swaps of neighbours turn one into the other: the optimal string
    /// alignment distance (Damerau 1964, Levenshtein 1966).
    private static func edits(from left: [UInt8], to right: [UInt8]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for (row, letter) in left.enumerated() {
            var current = [row + 1]
            for (column, other) in right.enumerated() {
                var least = min(last[column + 1] + 1, current[column] + 1, last[column] + (letter == other ? 0 : 1))
                if row > 0, column > 0, letter == right[column - 1], left[row - 1] == other {
                    least = min(least, beforeLast[column - 1] + 1)
                }
                current.append(least)
            }
            (beforeLast, last) = (last, current)
        }
        return last[right.count]
    }
}
