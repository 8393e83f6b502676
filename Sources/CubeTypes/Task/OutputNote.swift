/// The form in which the message of a task contains the last lines of its output: after the description of what happened.
package enum OutputNote {
    /// The text between the description and the output.
    package static let introduction = "\nlast lines of its output:\n"

    /// Splits the message of a task into the description and the output; `output` is `nil` if the message contains none.
    package static func split(_ message: String) -> (message: String, output: String?) {
        guard let range = message.firstRange(of: introduction) else { return (message, nil) }
        let output = message[range.upperBound...]
        return (String(message[..<range.lowerBound]), String(output.last == "\n" ? output.dropLast() : output))
    }
}
