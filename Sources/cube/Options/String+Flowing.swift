extension String {
    /// Joins the lines of each paragraph, so that the help output wraps them at the width of the terminal.
    ///
    /// A line that begins with a space, such as an example, is kept as is.
    static func flowing(_ text: String) -> String {
        var lines: [String] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            if let last = lines.last, !last.isEmpty, !last.hasPrefix(" "), !line.isEmpty, !line.hasPrefix(" ") {
                lines[lines.count - 1] = "\(last) \(line)"
            } else {
                lines.append(line)
            }
        }
        return lines.joined(separator: "\n")
    }
}
