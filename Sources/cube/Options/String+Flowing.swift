extension String {
    /// A text whose paragraphs flow: what the source breaks is one line, which the help breaks where the terminal ends.
    ///
    /// A line that begins with a space stays as it is, as an example does.
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
