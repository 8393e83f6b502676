extension APIError {
    /// The HTTP status of an answer that carries this error: its code where that is the status of an error, else its reason's.
    public var status: Int { (400...599).contains(code) ? code : reason.status }

    /// The error for an answer that carries none of ours: a proxy's page, another program's object, a redirection.
    ///
    /// Its reason and whether a retry can help follow from the status alone; what the answer says is only quoted.
    ///
    /// - Parameters:
    ///   - label: what was asked, such as `GET http://127.0.0.1:8081/version`.
    ///   - status: the HTTP status of the answer.
    ///   - contentType: its `Content-Type`.
    ///   - body: the beginning of what it said.
    package init(label: String, status: Int, contentType: String? = nil, body: String = "") {
        let quoted = Self.gist(of: body)
        var message = "\(label): status \(status) without an error object of Cube"
        if !quoted.isEmpty { message += ", but \"\(quoted)\"" }
        if let contentType { message += " (\(contentType.prefix(80)))" }
        self.init(ErrorReason(status: status), message, code: status)
        retry = retry && status >= 400
    }

    /// The words of a page or of a text in one line, without its tags, at most 120 characters.
    private static func gist(of body: String) -> String {
        var words = ""
        var isInTag = false
        for character in body.prefix(4096) {
            switch character {
            case "<": isInTag = true
            case ">" where isInTag:
                isInTag = false
                words.append(" ")
            case _ where isInTag: break
            case _ where character.isWhitespace || character.isNewline: words.append(" ")
            case "\"": words.append("'")
            default: words.append(character)
            }
        }
        let line = words.split(separator: " ").joined(separator: " ")
        return line.count <= 120 ? line : line.prefix(119) + "…"
    }
}
