import FoundationEssentials

/// Text that tries to be more than text. Each begins with a word that is found again in what is shown.
enum HostileText {
    static let marker = "evil"

    static let all = [
        // What a terminal obeys, and what hides or reorders.
        "evil\u{1B}[2J\u{1B}]0;title\u{07}\r\n\t\u{0}\u{7F}\u{9B}31m\u{85}\u{2028}\u{2029}end",
        "evil\u{202E}\u{2066}\u{200B}\u{200D}\u{2060}\u{FEFF}\u{AD}\u{3164}\u{115F}\u{2800}\u{E0041}\u{FE0F}\u{E000}end",
        "evil\u{1B}[31mred\u{1B}[0m",
        // What ends a block of code, a cell or a span.
        "evil\n```\n# heading\n~~~\n| a | b |\n\n<!-- x",
        "evil ```` ` `` ``` ``````````",
        "evil \\| | \\\\| `x|y` \\`a\\|b` \\",
        // Marks that combine with what means something, and are no part of it.
        "evil a|\u{301}b x`\u{301} @team `\u{301}y *\u{301}z [\u{301}a](https://evil.example) #\u{301}1 @\u{301}team",
        // What notifies, links or is drawn.
        "evil @someone,@team/all evil@example.com #12 !34 GH-56 owner/repo#7",
        "evil https://evil.example WWW.evil.example mailto:a@b ftp://x <img src=x onerror=y> <a href='z'>",
        "evil [a](https://evil.example) ![b](c) **d** _e_ ~~f~~ $g$ &amp; &#64;someone \\@someone",
    ]

    /// The value with hostile text in every place where its type takes any text, and for each such place one in which only
    /// that is hostile.
    static func variants<Value: Codable & Equatable>(of value: Value, _ text: String) throws -> [Value] {
        let json = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(value))
        /// `nil` where the type refuses the text, or takes no notice of it.
        func hostile(at places: Set<Int>) -> Value? {
            let changed = json.mapped { places.contains($0) ? text : $1 }
            let decoder = JSONDecoder()
            let bytes = try? JSONEncoder().encode(changed)  // Of any JSON value.
            let decoded = try? bytes.map { try decoder.decode(Value.self, from: $0) }  // Refused: it cannot be.
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
