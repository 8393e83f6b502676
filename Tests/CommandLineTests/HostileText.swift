import FoundationEssentials

/// Texts that try to be interpreted. Each begins with a word by which a test finds it in the output.
enum HostileText {
    static let marker = "evil"

    static let all = [
        // Terminal escape sequences, and characters that hide or reorder text.
        "evil\u{1B}[2J\u{1B}]0;title\u{07}\r\n\t\u{0}\u{7F}\u{9B}31m\u{85}\u{2028}\u{2029}end",
        "evil\u{202E}\u{2066}\u{200B}\u{200D}\u{2060}\u{FEFF}\u{AD}\u{3164}\u{115F}\u{2800}\u{E0041}\u{FE0F}\u{E000}end",
        "evil\u{1B}[31mred\u{1B}[0m",
        // Text that ends a code block, a table cell or a code span.
        "evil\n```\n# heading\n~~~\n| a | b |\n\n<!-- x",
        "evil ```` ` `` ``` ``````````",
        "evil \\| | \\\\| `x|y` \\`a\\|b` \\",
        // Combining marks after characters that Markdown interprets.
        "evil a|\u{301}b x`\u{301} @team `\u{301}y *\u{301}z [\u{301}a](https://evil.example) #\u{301}1 @\u{301}team",
        // Text that forges turn into notifications, links or images.
        "evil @someone,@team/all evil@example.com #12 !34 GH-56 owner/repo#7",
        "evil https://evil.example WWW.evil.example mailto:a@b ftp://x <img src=x onerror=y> <a href='z'>",
        "evil [a](https://evil.example) ![b](c) **d** _e_ ~~f~~ $g$ &amp; &#64;someone \\@someone",
    ]

    /// Returns the value with hostile text in every field that accepts any text, and one variant per field in which
    /// only that field is hostile.
    static func variants<Value: Codable & Equatable>(of value: Value, _ text: String) throws -> [Value] {
        let json = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(value))
        /// `nil` if the type rejects or ignores the text.
        func hostile(at places: Set<Int>) -> Value? {
            let changed = json.mapped { places.contains($0) ? text : $1 }
            let decoder = JSONDecoder()
            let bytes = try? JSONEncoder().encode(changed)  // Any JSON value can be encoded.
            let decoded = try? bytes.map { try decoder.decode(Value.self, from: $0) }  // The type rejects the text.
            return decoded == value ? nil : decoded
        }
        var count = 0
        _ = json.mapped {
            count = $0 + 1
            return $1
        }
        let places = (0..<count).filter { hostile(at: [$0]) != nil }
        let all = places.reduce(into: Set<Int>()) { all, place in
            if hostile(at: all.union([place])) != nil { all.insert(place) }
        }
        return (places.map { [$0] } + [all]).compactMap(hostile(at:))
    }
}
