import CubeJSON

extension ImportNote {
    /// An error about a key that the Compose specification does not have.
    static func unknownKey(_ member: ComposeValue.Member, among keys: [String], below path: String = "") -> ImportNote {
        let hint = Suggestion.nearest(to: member.key, among: keys).map { "; did you mean \"\($0)\"?" } ?? ""
        return ImportNote(
            .error, .unknownKey, "unknown key \(member.key.quoted)\(hint)",
            key: path.isEmpty ? member.key : "\(path).\(member.key)", at: member.place)
    }

    /// An error about a name with characters that the Compose specification does not allow.
    static func invalidName(_ member: ComposeValue.Member, of kind: String) -> ImportNote {
        ImportNote(
            .error, .invalidValue,
            "the \(kind) name \(member.key.quoted) must consist of letters, digits, \".\", \"_\" and \"-\"",
            key: member.key,
            at: member.place)
    }

    /// An error about a value of another type.
    static func mismatch(_ value: ComposeValue, expected: String, key: String) -> ImportNote {
        ImportNote(.error, .typeMismatch, "must be \(expected), but is \(value.kind)", key: key, at: value.place)
    }
}
