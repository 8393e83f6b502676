/// A public declaration of a library, with its documentation.
struct PublicDeclaration {
    let text: Substring
    let line: Int
    /// The lines of its documentation; empty if there is none.
    let documentation: [Substring]

    /// Whether it declares a type.
    var isType: Bool { text.contains(/\b(?:struct|enum|protocol|class|actor)\s+\w/) }

    /// Whether documentation could only repeat what is stated elsewhere: by the protocol requirement that the
    /// declaration implements, or by the properties that an initialiser sets.
    var speaksForItself: Bool {
        text.contains(
            /\binit\((?!_)|\binit\($|\binit\?\((?:rawValue|codingKey):|\binit\(from |\bfunc (?:encode\(to|hash\(into)|\b(?:var (?:description|codingKey|errorDescription)|let rawValue)\b|\bstatic func \W|\b(?:typealias|struct) (?:Element|Failure|AsyncIterator)\b|\bfunc (?:next|makeAsyncIterator)\(/
        )
    }
}

extension SwiftFile {
    /// All public declarations, including the cases of public enumerations.
    var publicDeclarations: [PublicDeclaration] {
        var declarations: [PublicDeclaration] = []
        let (end, enumerationCase) = (/\s*[})]/, /\s*(?:indirect )?case\s/)
        let declaration = /\s*(?:@\S+ )*public (?!extension\b|import\b)/
        // The indentation of the public enumeration whose cases are being read.
        var enumeration: Int?
        for (text, line) in code {
            let indentation = text.prefix { $0 == " " }.count
            if let outer = enumeration, indentation <= outer, !text.starts(with: end) { enumeration = nil }
            let isCase = enumeration.map { indentation == $0 + 4 } ?? false && text.starts(with: enumerationCase)
            guard isCase || text.starts(with: declaration) else { continue }
            declarations.append(
                PublicDeclaration(text: text, line: line, documentation: documentation(before: line)))
            if text.contains(/\benum \w/) { enumeration = indentation }
        }
        return declarations
    }

    /// Returns the lines of documentation above a line. Attributes in between are skipped.
    private func documentation(before line: Int) -> [Substring] {
        let above = lines[..<(line - 1)].reversed().drop { $0.contains(/^\s*@\w/) }
        return above.prefix { $0.contains(/^\s*\/\/\//) }.reversed()
    }
}
