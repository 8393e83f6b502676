extension String {
    /// As code in a cell of a table: nothing in it means anything.
    var markdownCode: String {
        let line = String(map { $0.isNewline ? " " : $0 }).replacing("|", with: "\\|")
        guard !line.isEmpty else { return "\"\"" }
        guard line.contains("`") else { return "`\(line)`" }
        let longest = line.split(whereSeparator: { $0 != "`" }).map(\.count).max() ?? 0
        let fence = String(repeating: "`", count: longest + 1)
        return "\(fence) \(line) \(fence)"
    }

    /// As words in a cell of a table: nothing in it means anything.
    var markdownText: String {
        String(
            flatMap { character -> String in
                switch character {
                case "\\", "`", "*", "_", "[", "]", "|", "<", ">", "#", "~": "\\\(character)"
                case "&": "&amp;"
                case _ where character.isNewline: " "
                default: String(character)
                }
            })
    }
}
