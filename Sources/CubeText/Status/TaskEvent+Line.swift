package import CubeTypes

extension TaskEvent {
    /// What happened, in one line.
    package var line: TextLine {
        let subject = name.map { name in ordinal.map { "\(name)/\($0)" } ?? name.rawValue }
        let words = [
            kind.rawValue, subject ?? owner?.rawValue, node.map { "on \($0)" },
            // The lines after the first are the end of the task's output, which `cube logs` shows.
            message.map { String($0.prefix { $0 != "\n" }) }, reason.map { "(\($0))" },
        ].compactMap { $0 }.joined(separator: " ")
        return "\(at, .dim) \(words)"
    }
}
