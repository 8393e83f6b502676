/// How a task's last lines of output stand in its message: behind what happened to it.
package enum OutputNote {
    /// What comes between the two.
    package static let introduction = "\nlast lines of its output:\n"

    /// Tells the message of a task apart from the output behind it; `nil` where there is none.
    package static func split(_ message: String) -> (message: String, output: String?) {
        guard let range = message.firstRange(of: introduction) else { return (message, nil) }
        let output = message[range.upperBound...]
        return (String(message[..<range.lowerBound]), String(output.last == "\n" ? output.dropLast() : output))
    }
}
