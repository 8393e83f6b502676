/// The positions of keys in ASCII, found by their bytes.
///
/// A hash table with open addressing and linear probing (Knuth, The Art of Computer Programming, volume 3, algorithm 6.4 L), at most half
/// full. A text of bytes is hashed with FNV-1a.
struct KeyIndex: Sendable {
    private let keys: [[UInt8]]
    /// The position of a key; -1 in an empty place. The number of places is a power of two.
    private let places: [Int16]

    init(_ keys: [String]) {
        self.keys = keys.map { Array($0.utf8) }
        var size = 4
        while size < 2 * keys.count { size *= 2 }
        var places = [Int16](repeating: -1, count: size)
        for (position, key) in self.keys.enumerated() {
            var place = key.withUnsafeBufferPointer(Self.hash) & (size - 1)
            while places[place] >= 0 { place = (place + 1) & (size - 1) }
            places[place] = Int16(position)
        }
        self.places = places
    }

    /// Returns the position of a key; `nil` if there is no such key.
    func position(of text: UnsafeBufferPointer<UInt8>) -> Int? {
        var place = Self.hash(text) & (places.count - 1)
        while true {
            let position = Int(places[place])
            if position < 0 { return nil }
            if keys[position].count == text.count, keys[position].elementsEqual(text) { return position }
            place = (place + 1) & (places.count - 1)
        }
    }

    private static func hash(_ text: UnsafeBufferPointer<UInt8>) -> Int {
        var hash: UInt32 = 2_166_136_261
        for byte in text { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
        return Int(hash)
    }
}
