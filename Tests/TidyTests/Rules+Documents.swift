/// The rules about documents: what a document names exists.
extension Rules {
    /// The top-level folders whose files documents may name. `manifests/` is excluded because documents refer to the
    /// manifests of their readers.
    private static let folders: Set<Substring> = ["Sources", "Tests", "examples", ".ci", ".github"]

    /// Finds paths in a document that do not exist: in inline code, relative to the root, `Sources` or `Tests`, and in links.
    ///
    /// - Parameters:
    ///   - files: every file and folder of the repository, as paths from its root.
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
        return missingCode.map { "\(document.path):\($0.line): \($0.text) does not exist" }
            + missingLinks.map { "\(document.path):\($0.line): \($0.target) does not exist" }
    }

    /// Finds tests that a document quotes after the path of a file but that the file does not contain.
    ///
    /// - Parameter content: returns the content of a file below `Tests`; `nil` if the file does not exist.
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

    /// Returns the names of the packages that a package depends on.
    static func dependencies(ofPackage text: String) -> [String] {
        text.matches(of: /\.package\(url: "[^"]*\/([\w.-]+)\.git"/).map { String($0.1) }
    }

    /// Returns the elements that are in only one of two lists, sorted.
    static func unequal(_ left: [String], _ right: [String]) -> [String] {
        Set(left).symmetricDifference(right).sorted()
    }
}
