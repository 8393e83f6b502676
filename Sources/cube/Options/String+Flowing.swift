extension String {
    /// Joins the lines of each paragraph, so that the help output wraps them at the width of the terminal.
    ///
    /// A line that begins with a space, such as an example, is kept as is.
    static func flowing(_ text: String) -> String {
        let (newline, space) = (UInt8(ascii: "\n"), UInt8(ascii: " "))
        var flowing: [UInt8] = []
        var isOpen = false
        // Every start of the program makes the texts of all its commands, so they are handled as bytes.
        for line in text.utf8.split(separator: newline, omittingEmptySubsequences: false) {
            let isProse = !line.isEmpty && line.first != space
            if line.startIndex != text.startIndex { flowing.append(isOpen && isProse ? space : newline) }
            flowing += line
            isOpen = isProse
        }
        return String(decoding: flowing, as: UTF8.self)
    }
}
