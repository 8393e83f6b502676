package import CubeTypes

extension TaskEvent {
    /// What happened, in one line.
    package var line: TextLine {
        let subject = name.map { name in ordinal.map { "\(name)/\($0)" } ?? name.rawValue }
        // The lines after the first are the end of the task's output, which `cube logs` shows.
        let headline = message.map { String($0.prefix { $0 != "\n" }) }
        let words: [String?] = [
            kind.rawValue, subject ?? owner?.rawValue, node.map { "on \($0)" }, headline, reason.map { "(\($0))" },
            actor.map { "by \($0)" }, origin.map { "from \($0)" },
        ]
        return "\(at, .dim) \(words.compactMap(\.self).joined(separator: " "))"
    }
}
