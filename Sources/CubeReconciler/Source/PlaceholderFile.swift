/// Files that stand for others: what version control leaves where it did not fetch, or could not decrypt, the real content.
enum PlaceholderFile {
    /// How such files begin, and what they are.
    private static let marks: [(beginning: [UInt8], what: String)] = [
        (
            Array("version https://git-lfs.github.com/spec/".utf8),
            "is a pointer of Git LFS: what it stands for is not here"
        ),
        (Array("/annex/objects/".utf8), "is a pointer of git-annex: what it stands for is not here"),
        ([0] + Array("GITCRYPT".utf8) + [0], "is encrypted by git-crypt: what it says cannot be read here"),
    ]

    /// What is wrong with a file of this content; `nil` where it is what it says.
    static func problem(with content: [UInt8]) -> String? { marks.first { content.starts(with: $0.beginning) }?.what }
}
