/// Foreign text in a message: in quotes, shortened, and with nothing that could steer a terminal.
package struct Quoted: CustomStringConvertible, Sendable {
    package let description: String

    package init(_ text: String) {
        let scalars = text.unicodeScalars
        let shown = scalars.prefix(60)
        description = "\"" + Self.harmless(shown) + (shown.endIndex < scalars.endIndex ? "…" : "") + "\""
    }

    /// Control characters, marks of direction and the like as their numbers.
    private static func harmless(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        scalars.map { scalar in
            scalar.isHarmless ? String(scalar) : "\\u{\(String(scalar.value, radix: 16))}"
        }.joined()
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
