/// A Swift file, parsed line by line as far as the rules need it.
///
/// A regular expression is compiled where it is written, so the rules write it outside of their loops over lines.
struct SwiftFile {
    let path: String
    let lines: [Substring]
    /// The code of each line without its comment, with the line number.
    let code: [(text: Substring, line: Int)]

    init(path: String, text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        code = lines.enumerated().compactMap { index, line in
            let code = line.utf8.firstRange(of: "//".utf8).map { line[..<$0.lowerBound] } ?? line
            return code.utf8.allSatisfy { $0 == UInt8(ascii: " ") } ? nil : (code, index + 1)
        }
    }

    /// The imported modules, with their line numbers.
    var imports: [(module: String, line: Int)] {
        let pattern =
            /^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias|actor)\s+)?(\w+)/
        return code.compactMap { text, line in
            text.prefixMatch(of: pattern).map { (String($0.1), line) }
        }
    }

    /// The declared types that other files can name, each qualified by its enclosing types, with their line numbers.
    ///
    /// Declarations are recognised by their indentation, which the formatter ensures. A declaration that is indented
    /// more deeply than the members of the enclosing type is inside a function.
    var types: [(name: String, line: Int)] {
        /// A type or an extension that may enclose the present line.
        struct Surrounding {
            var indentation: Int
            var name: Substring
            var isPrivate: Bool
        }
        let pattern =
            /((?:@\S+ |public |package |internal |private |fileprivate |final |indirect |nonisolated )*)(struct|class|enum|actor|protocol|typealias|extension) ([\w.]+)/
        var around: [Surrounding] = []
        var types: [(name: String, line: Int)] = []
        for (text, line) in code {
            let indentation = text.prefix { $0 == " " }.count
            // Any line at the indentation of a type ends the type, except a brace on a line of its own.
            if !text.dropFirst(indentation).hasPrefix("{") { around.removeAll { $0.indentation >= indentation } }
            guard indentation == around.last.map({ $0.indentation + 4 }) ?? 0,
                let match = text.dropFirst(indentation).prefixMatch(of: pattern)
            else { continue }
            let (kind, name) = (match.2, match.3)
            let isPrivate = match.1.contains("private") || around.last?.isPrivate ?? false
            if kind != "extension", !isPrivate, !Self.repeatedNames.contains(name) {
                types.append(((around.map(\.name) + [name]).joined(separator: "."), line))
            }
            if kind != "typealias" {
                around.append(Surrounding(indentation: indentation, name: name, isPrivate: isPrivate))
            }
        }
        return types
    }

    /// The names of nested types that protocols of the standard library require.
    private static let repeatedNames: Set<Substring> = ["AsyncIterator", "CodingKeys", "Element", "Failure"]

    func hasComment(onOrBefore line: Int) -> Bool {
        lines[max(0, line - 2)...line - 1].contains { $0.contains("//") }
    }
}
