/// Foreign text for a message: quoted, shortened, and free of characters that control a terminal.
package struct Quoted: CustomStringConvertible, Sendable {
    package let description: String

    package init(_ text: String) {
        let shown = String(text.unicodeScalars.prefix(60))
        description = "\"" + shown.harmless + (shown.utf8.count < text.utf8.count ? "…" : "") + "\""
    }
}

extension String {
    /// The text on one line. Scalars that control a terminal or are invisible are escaped as in Swift: `\n`, `\u{1B}`.
    package var harmless: String {
        guard unicodeScalars.contains(where: { !$0.isHarmless }) else { return self }
        return unicodeScalars.map { $0.isHarmless ? String($0) : $0.escaped(asASCII: true) }.joined()
    }
}

extension Unicode.Scalar {
    /// Whether a terminal only displays the scalar: it is not a control character, direction mark or invisible character.
    package var isHarmless: Bool {
        if value < 0x7F { return value >= 0x20 }
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse: return false
        // The blank Braille pattern counts as a symbol but is invisible.
        default: return !properties.isDefaultIgnorableCodePoint && value != 0x2800
        }
    }
}
