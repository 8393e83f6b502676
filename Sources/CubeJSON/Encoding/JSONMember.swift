/// A member of an object that is being written, by its place in the text.
struct JSONMember {
    /// The offset of the quote before the key.
    private(set) var start: Int
    /// The offset of the quote after the key.
    private(set) var keyEnd: Int

    init(start: Int, keyEnd: Int) {
        self.start = start
        self.keyEnd = keyEnd
    }

    /// The bytes of the key, which may have escape sequences.
    var key: Range<Int> { start + 1..<keyEnd }

    mutating func move(by distance: Int) {
        start += distance
        keyEnd += distance
    }
}
