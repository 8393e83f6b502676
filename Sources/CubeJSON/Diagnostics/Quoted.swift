/// Foreign text in a message: in quotes, shortened, and with nothing that could steer a terminal.
package struct Quoted: CustomStringConvertible, Sendable {
    package let description: String

    package init(_ text: String) {
        let shown = String(text.unicodeScalars.prefix(60))
        description = "\"" + shown.harmless + (shown.utf8.count < text.utf8.count ? "…" : "") + "\""
    }
}

extension String {
    /// The text with control characters, marks of direction and the like as their numbers.
    package var harmless: String {
        unicodeScalars.map { $0.isHarmless ? String($0) : "\\u{\(String($0.value, radix: 16))}" }.joined()
    }
}

extension Unicode.Scalar {
    /// Whether a terminal shows it and does nothing else.
    var isHarmless: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse: false
        default: true
        }
    }
}
