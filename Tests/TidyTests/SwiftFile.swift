/// A Swift file, read line by line, as far as the rules need to understand it.
struct SwiftFile {
    let path: String
    let lines: [Substring]

    init(path: String, text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    }

    /// The modules that it imports, with the number of the line.
    var imports: [(module: String, line: Int)] {
        numbered { line in
            line.firstMatch(
                of:
                    /^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias|actor)\s+)?(\w+)/
            ).map { String($0.1) }
        }
    }

    /// What each line says beside its comment, with the number of the line.
    var code: [(text: Substring, line: Int)] {
        numbered { line in
            let code = line.firstRange(of: "//").map { line[..<$0.lowerBound] } ?? line
            return code.allSatisfy(\.isWhitespace) ? nil : code
        }
    }

    func hasComment(onOrBefore line: Int) -> Bool {
        lines[max(0, line - 2)...line - 1].contains { $0.contains("//") }
    }

    private func numbered<Value>(_ transform: (Substring) -> Value?) -> [(Value, Int)] {
        lines.enumerated().compactMap { index, line in transform(line).map { ($0, index + 1) } }
    }
}
