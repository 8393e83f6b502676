import CubeJSON

/// A line of a task's output, made safe for a terminal.
enum LogLine {
    /// Returns the line with its tabs and, if the terminal supports them, its colours. All other characters that a
    /// terminal would interpret or hide are written as Swift escapes. If the line contains carriage returns, only the
    /// text after the last one is shown.
    ///
    /// - Parameter line: The line without its line feed.
    static func shown(_ line: some Sequence<UInt8>, hasColour: Bool) -> String {
        let text = String(decoding: Array(line), as: UTF8.self)
        let last = text.unicodeScalars.split(separator: "\r").last.map { Substring($0) } ?? ""
        var shown = ""
        var rest = last
        var isStyled = false
        while let match = rest.firstMatch(of: #/\u{1B}\[([0-9;]*)m/#) {
            shown += harmless(rest[..<match.range.lowerBound])
            rest = rest[match.range.upperBound...]
            if hasColour, !conceals(match.1) {
                shown += match.0
                isStyled = true
            }
        }
        return shown + harmless(rest) + (isStyled ? "\u{1B}[0m" : "")
    }

    private static func harmless(_ text: Substring) -> String {
        text.split(separator: "\t", omittingEmptySubsequences: false).map { String($0).harmless }.joined(
            separator: "\t")
    }

    /// Whether the parameters of a style make text invisible.
    private static func conceals(_ parameters: Substring) -> Bool {
        var rest = parameters.split(separator: ";").map { Int($0) ?? 0 }[...]
        while let first = rest.popFirst() {
            switch first {
            case 8: return true
            // An indexed colour or an RGB colour.
            case 38, 48: rest = rest.dropFirst(rest.first == 5 ? 2 : rest.first == 2 ? 4 : 0)
            default: break
            }
        }
        return false
    }
}
