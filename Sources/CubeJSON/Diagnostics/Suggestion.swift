/// Finds the word that was probably intended by a misspelt one.
package enum Suggestion {
    /// Returns the candidate that differs only in case, `_`, `-` and spaces; otherwise, the first candidate with the fewest edits, if
    /// they are at most a third of its length.
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

    /// Returns the word in a form that is independent of naming styles: `envFrom`, `env-from` and `ENV_FROM` have the same form.
    package static func plain(_ word: String) -> String {
        String(word.prefix(65).lowercased().filter { $0 != "_" && $0 != "-" && $0 != " " })
    }

    private static func limit(for candidate: String) -> Int { max(1, candidate.utf8.count / 3) }

    /// Returns the minimum number of insertions, deletions, substitutions and transpositions between two words: the optimal string
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
