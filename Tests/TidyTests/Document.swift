/// A Markdown document of the repository, parsed as far as the rules need it.
struct Document {
    /// The path from the root of the repository.
    let path: String
    /// The paragraphs, list items and table rows, each joined into one line, with the number of its first line. Code
    /// blocks are excluded.
    let passages: [(text: String, line: Int)]

    init(path: String, text: String) {
        self.path = path
        var passages: [(text: String, line: Int)] = []
        var isOpen = false
        var isFenced = false
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let words = line.drop { $0 == " " }
            if words.hasPrefix("```") { isFenced.toggle() }
            let isCode = isFenced || words.hasPrefix("```") || (!isOpen && line.hasPrefix("    "))
            guard !isCode, !words.isEmpty else {
                isOpen = false
                continue
            }
            let isItem = words.contains(#/^(?:[-*]|\d+\.) /#)
            if isOpen, !isItem, !words.hasPrefix("|"), !words.hasPrefix("#") {
                passages[passages.count - 1].text += " \(words)"
            } else {
                passages.append((text: String(words), line: index + 1))
            }
            isOpen = true
        }
        self.passages = passages
    }

    /// The files and folders that links lead to, as paths from the root of the repository. Links to other sites are excluded.
    var links: [(target: String, line: Int)] {
        passages.flatMap { passage in
            passage.text.matches(of: /\]\(([^)#]+)[^)]*\)/)
                .filter { !$0.1.contains(":") }
                .map { (target: resolve(String($0.1)), line: passage.line) }
        }
    }

    /// The inline code spans.
    var code: [(text: String, line: Int)] {
        passages.flatMap { passage in
            passage.text.matches(of: /`([^`]+)`/).map { (text: String($0.1), line: passage.line) }
        }
    }

    /// The first cells of table rows, if the cell is a code span or a word.
    var rowTitles: [String] {
        passages.compactMap { $0.text.firstMatch(of: /^\| `?([\w.-]+)`? \|/).map { String($0.1) } }
    }

    /// Converts a path relative to this document's folder into a path from the root.
    private func resolve(_ target: String) -> String {
        var parts = path.split(separator: "/").dropLast().map(String.init)
        for part in target.split(separator: "/") {
            if part == ".." { _ = parts.popLast() } else if part != "." { parts.append(String(part)) }
        }
        return parts.joined(separator: "/")
    }
}
