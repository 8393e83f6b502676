/// Recognizes placeholder files, which version control leaves behind if it did not fetch or decrypt the real content.
enum PlaceholderFile {
    /// The first bytes of placeholder files, and the problem that they indicate.
    private static let marks: [(beginning: [UInt8], what: String)] = [
        (
            Array("version https://git-lfs.github.com/spec/".utf8),
            "is a pointer of Git LFS: its content was not fetched"
        ),
        (Array("/annex/objects/".utf8), "is a pointer of git-annex: its content was not fetched"),
        ([0] + Array("GITCRYPT".utf8) + [0], "is encrypted by git-crypt: its content was not decrypted"),
    ]

    /// Returns the problem with a file of this content, or `nil` if it is no placeholder.
    static func problem(with content: [UInt8]) -> String? { marks.first { content.starts(with: $0.beginning) }?.what }
}
