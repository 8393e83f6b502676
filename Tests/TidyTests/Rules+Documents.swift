/// What a machine can hold of documents: what they name is there.
extension Rules {
    /// The folders at the top in which documents may name files. `manifests/` is not among them: documents write of the
    /// manifests of their readers.
    private static let folders: Set<Substring> = ["Sources", "Tests", "examples", ".ci", ".github"]

    /// Every path that a document names exists: in inline code from the root, from `Sources` or from `Tests`, and in links.
    ///
    /// - Parameters:
    ///   - files: every file and folder of the repository, from its root.
    static func missingPaths(in document: Document, files: Set<String>) -> [String] {
        let names = Set(files.compactMap { $0.split(separator: "/").last.map(String.init) })
        let missingCode = document.code.filter { piece, _ -> Bool in
            if let path = piece.wholeMatch(of: /([\w.+-]+(?:\/[\w.+-]+)+)\/?/)?.1 {
                let first = path.prefix { $0 != "/" }
                guard folders.contains(first) || first.contains(/^Cube[A-Z]/) || files.contains("Sources/\(first)")
                else { return false }
                return !["", "Sources/", "Tests/"].contains { files.contains("\($0)\(path)") }
            }
            return piece.wholeMatch(of: /[\w+.-]+\.swift/) != nil && !names.contains(piece)
        }
        let missingLinks = document.links.filter { !files.contains($0.target) }
        return missingCode.map { "\(document.path):\($0.line): there is no \($0.text)" }
            + missingLinks.map { "\(document.path):\($0.line): there is no \($0.target)" }
    }

    /// Every test that a document quotes after the path of its file is in that file.
    ///
    /// - Parameter content: what a file below `Tests` holds; `nil` where there is none.
    static func missingTests(in document: Document, content: (String) -> String?) -> [String] {
        document.passages.flatMap { text, line -> [String] in
            var file: String?
            return text.matches(of: /`([^`]+)`|"([^"]+)"/).compactMap { match -> String? in
                if let piece = match.1 {
                    file = piece.hasSuffix(".swift") ? String(piece) : nil
                    return nil
                }
                guard let suite = file, let title = match.2 else { return nil }
                if content(suite)?.contains(title) ?? false { return nil }
                return "\(document.path):\(line): \(suite) has no test \"\(title)\""
            }
        }
    }

    /// The names of the packages that a package depends on.
    static func dependencies(ofPackage text: String) -> [String] {
        text.matches(of: /\.package\(url: "[^"]*\/([\w.-]+)\.git"/).map { String($0.1) }
    }

    /// What stands in one of two lists alone, sorted.
    static func unequal(_ left: [String], _ right: [String]) -> [String] {
        Set(left).symmetricDifference(right).sorted()
    }
}
