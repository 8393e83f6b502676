/// A problem as it is found. Its line, column and hint are computed only for the problems that are shown.
package struct Problem: Error, Hashable, Sendable {
    package var reason: Diagnostic.Reason
    package var summary: String
    /// The field with the problem, such as `ports[2].name`; empty if the problem does not concern a field.
    package var field: String
    /// The problem without the name of the field.
    package var rule: String
    package var detail: Detail
    /// The location of the problem, in bytes.
    package var range: Range<Int>

    package enum Detail: Hashable, Sendable, ExpressibleByStringLiteral {
        case words(String)
        /// The byte offset of the first occurrence of a duplicate.
        case repeats(Int)
        /// A value that is not in a list of allowed values.
        case word(String, among: [String])
        /// A key that is not in a list of allowed keys. The hint is the advice for a key of another system, or else the most similar
        /// key, or else all keys if they are few.
        case key(String, among: [String], advice: [String: String] = [:])

        package init(stringLiteral value: String) { self = .words(value) }
    }

    package init(
        _ reason: Diagnostic.Reason, _ summary: String, field: String = "", rule: String? = nil, detail: Detail = "",
        at range: Range<Int>
    ) {
        self.reason = reason
        self.summary = summary
        self.field = field
        self.rule = rule ?? summary
        self.detail = detail
        self.range = range
    }

    /// Returns the problem of a missing key.
    ///
    /// - Parameter object: the object that lacks the key.
    package static func missing(_ key: String, detail: Detail = "", in object: JSONValue) -> Problem {
        Problem(
            .missingKey, "missing key \"\(key)\"", field: key, rule: "is missing", detail: detail, at: object.opening)
    }

    /// The maximum number of problems of one file that are shown.
    package static let maximumShown = 100

    /// Returns the diagnostics for the problems of a file, sorted by location: at most ``maximumShown``, and one for the rest.
    package static func diagnostics(of problems: [Problem], in bytes: [UInt8], filename: String) -> [Diagnostic] {
        if problems.isEmpty { return [] }
        let sorted = problems.sorted {
            ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
        }
        let shown = sorted.prefix(maximumShown)
        let positions = SourcePositions(of: shown.flatMap(\.offsets), in: bytes)
        var diagnostics = shown.map { problem in
            Diagnostic(
                reason: problem.reason, summary: problem.summary, detail: problem.detail.text(positions),
                range: SourceRange(
                    filename: filename, start: positions[problem.range.lowerBound],
                    end: positions[problem.range.upperBound]))
        }
        if sorted.count > shown.count, let last = diagnostics.last {
            diagnostics.append(
                Diagnostic(
                    reason: .tooMany,
                    summary: sorted.count - shown.count == 1
                        ? "1 more problem is not shown" : "\(sorted.count - shown.count) more problems are not shown",
                    range: last.range))
        }
        return diagnostics
    }

    /// The byte offsets whose positions the diagnostic needs.
    private var offsets: [Int] {
        let place = [range.lowerBound, range.upperBound]
        return if case .repeats(let first) = detail { place + [first] } else { place }
    }
}

extension Problem.Detail {
    fileprivate func text(_ positions: SourcePositions) -> String {
        switch self {
        case .words(let words): words
        case .repeats(let first): "the first is on line \(positions[first].line)"
        case .word(let word, let candidates): Self.suggestion(for: word, among: candidates) ?? ""
        case .key(let key, let candidates, let advice):
            Self.advice(for: key, in: advice) ?? Self.suggestion(for: key, among: candidates)
                ?? (candidates.count > Self.fewKeys ? "" : "valid keys: \(candidates.sorted().joined(separator: ", "))")
        }
    }

    private static let fewKeys = 8

    private static func advice(for key: String, in advice: [String: String]) -> String? {
        let plain = Suggestion.plain(key)
        return advice.first { Suggestion.plain($0.key) == plain }?.value
    }

    private static func suggestion(for word: String, among candidates: [String]) -> String? {
        Suggestion.nearest(to: word, among: candidates).map { "did you mean \"\($0)\"?" }
    }
}
