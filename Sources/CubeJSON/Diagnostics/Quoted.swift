/// Foreign text in a message: in quotes, shortened, and with nothing that could steer a terminal.
package struct Quoted: CustomStringConvertible, Sendable {
    package let description: String

    package init(_ text: String) {
        let shown = String(text.unicodeScalars.prefix(60))
        description = "\"" + shown.harmless + (shown.utf8.count < text.utf8.count ? "…" : "") + "\""
    }
}

extension String {
    /// The text on one line, in which every scalar that a terminal could obey or hide is written as Swift writes it: `\n`,
    /// `\u{1B}`.
    package var harmless: String {
        guard unicodeScalars.contains(where: { !$0.isHarmless }) else { return self }
        return unicodeScalars.map { $0.isHarmless ? String($0) : $0.escaped(asASCII: true) }.joined()
    }
}

extension Unicode.Scalar {
    /// Whether a terminal shows it and does nothing else: no control character, mark of direction or invisible character.
    package var isHarmless: Bool {
        if value < 0x7F { return value >= 0x20 }
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse: return false
        // The blank Braille pattern has a shape of its own and shows nothing.
        default: return !properties.isDefaultIgnorableCodePoint && value != 0x2800
        }
    }
}
