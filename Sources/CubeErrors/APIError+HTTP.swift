extension APIError {
    /// The HTTP status of a response that carries this error: ``code`` if it is an error status, otherwise the status of the reason.
    public var status: Int { (400...599).contains(code) ? code : reason.status }

    /// Creates the error for a response that contains no Cube error, such as a proxy's page, another program's JSON or a redirect.
    ///
    /// The reason and ``retry`` follow from the status alone. The body is only quoted in the message.
    ///
    /// - Parameters:
    ///   - label: the request, such as `GET http://127.0.0.1:8081/version`.
    ///   - status: the HTTP status of the response.
    ///   - contentType: the `Content-Type` of the response.
    ///   - body: the beginning of the response body.
    package init(label: String, status: Int, contentType: String? = nil, body: String = "") {
        let quoted = Self.gist(of: body)
        var message = "\(label): status \(status), and the response is not a Cube error"
        if !quoted.isEmpty { message += ": \"\(quoted)\"" }
        if let contentType { message += " (\(contentType.prefix(80)))" }
        self.init(ErrorReason(status: status), message, code: status)
        retry = retry && status >= 400
    }

    /// Returns the text of a page on one line, without tags and shortened to 120 characters.
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
            // A terminal would interpret control characters, and format characters can hide text or change its order.
            case _ where character.unicodeScalars.contains(where: \.isControlOrFormat): break
            case "\"": words.append("'")
            default: words.append(character)
            }
        }
        let line = words.split(separator: " ").joined(separator: " ")
        return line.count <= 120 ? line : line.prefix(119) + "…"
    }
}

extension Unicode.Scalar {
    fileprivate var isControlOrFormat: Bool { [.control, .format].contains(properties.generalCategory) }
}
