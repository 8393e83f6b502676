/// Something that whoever imports a public library sees, with what its comment says.
struct PublicDeclaration {
    let text: Substring
    let line: Int
    /// The lines of its documentation, empty where it has none.
    let documentation: [Substring]

    /// Whether it brings a new name for a type.
    var isType: Bool { text.contains(/\b(?:struct|enum|protocol|class|actor)\s+\w/) }

    /// Whether a comment could only repeat what is said already: by the protocol that asks for it, or by the properties of which
    /// an initialiser is made.
    var speaksForItself: Bool {
        text.contains(
            /\binit\((?!_)|\binit\($|\binit\?\((?:rawValue|codingKey):|\binit\(from |\bfunc (?:encode\(to|hash\(into)|\b(?:var (?:description|codingKey|errorDescription)|let rawValue)\b|\bstatic func \W|\b(?:typealias|struct) (?:Element|Failure|AsyncIterator)\b|\bfunc (?:next|makeAsyncIterator)\(/
        )
    }
}

extension SwiftFile {
    /// All public declarations, the cases of public enumerations among them.
    var publicDeclarations: [PublicDeclaration] {
        var declarations: [PublicDeclaration] = []
        // How far the enumeration is indented whose cases are public.
        var enumeration: Int?
        for (text, line) in code {
            let indentation = text.prefix { $0 == " " }.count
            if let outer = enumeration, indentation <= outer, !text.contains(/^\s*[})]/) { enumeration = nil }
            let isCase = enumeration.map { indentation == $0 + 4 } ?? false && text.contains(/^\s*(?:indirect )?case\s/)
            guard isCase || text.contains(/^\s*(?:@\S+ )*public (?!extension\b|import\b)/) else { continue }
            declarations.append(
                PublicDeclaration(text: text, line: line, documentation: documentation(before: line)))
            if text.contains(/\benum \w/) { enumeration = indentation }
        }
        return declarations
    }

    /// The lines of documentation above a line, attributes left out.
    private func documentation(before line: Int) -> [Substring] {
        let above = lines[..<(line - 1)].reversed().drop { $0.contains(/^\s*@\w/) }
        return above.prefix { $0.contains(/^\s*\/\/\//) }.reversed()
    }
}
