/// Sorts the members of an object that is already written. Keeps its memory from one object to the next.
struct JSONMemberSorter {
    private var entries: [Entry] = []
    private var copy: [UInt8] = []

    /// Sorts by the UTF-8 bytes of the keys. Of members with the same key, only the last one stays.
    ///
    /// - Parameters:
    ///   - members: at least one, in the order of the text. The last one ends where the text ends.
    ///   - areEscaped: whether some key has escape sequences, so that its bytes in the text are not its own.
    mutating func sort(_ members: ArraySlice<JSONMember>, in bytes: inout [UInt8], areEscaped: Bool) {
        let isSorted = areEscaped ? orderByResolvedKeys(members, in: bytes) : orderByKeys(members, in: bytes)
        if !isSorted { rewrite(members, in: &bytes) }
    }

    private mutating func orderByKeys(_ members: ArraySlice<JSONMember>, in bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { bytes in order(members.indices, in: bytes) { members[$0].key } }
    }

    private mutating func orderByResolvedKeys(_ members: ArraySlice<JSONMember>, in bytes: [UInt8]) -> Bool {
        var keys: [UInt8] = []
        let ranges = members.map { member in
            let start = keys.count
            keys += JSONEscape.resolve(bytes[member.key])
            return start..<keys.count
        }
        return keys.withUnsafeBytes { keys in order(members.indices, in: keys) { ranges[$0 - members.startIndex] } }
    }

    /// Makes the entries of members, and orders them. Returns whether they were ordered already.
    @inline(__always)
    private mutating func order(
        _ indices: Range<Int>, in text: UnsafeRawBufferPointer, key: (Int) -> Range<Int>
    ) -> Bool {
        entries.removeAll(keepingCapacity: true)
        entries.reserveCapacity(indices.count)
        var isSorted = true
        for index in indices {
            let entry = Entry(key: key(index), of: text, index: index)
            if let last = entries.last, !last.precedes(entry) { isSorted = false }
            entries.append(entry)
        }
        if isSorted { return true }
        entries.sort()
        // Of equal keys, the last member stays.
        var count = 0
        for position in entries.indices
        where position + 1 == entries.count || entries[position].precedes(entries[position + 1]) {
            entries[count] = entries[position]
            count += 1
        }
        entries.removeLast(entries.count - count)
        return false
    }

    private mutating func rewrite(_ members: ArraySlice<JSONMember>, in bytes: inout [UInt8]) {
        let start = members[members.startIndex].start
        copy.removeAll(keepingCapacity: true)
        bytes.withUnsafeBufferPointer { copy.append(contentsOf: UnsafeBufferPointer(rebasing: $0[start...])) }
        bytes.removeLast(copy.count)
        copy.withUnsafeBufferPointer { copy in
            bytes.append(addingCapacity: copy.count) { span in
                for entry in entries {
                    let next = entry.index + 1
                    let end = next < members.endIndex ? members[next].start - start - 1 : copy.count
                    if !span.isEmpty { span.append(UInt8(ascii: ",")) }
                    span.append(contentsOf: copy[members[entry.index].start - start..<end])
                }
            }
        }
    }
}

extension JSONMemberSorter {
    /// A member by its key. Its pointer is valid only while members are ordered.
    private struct Entry: Comparable {
        /// The first eight bytes of the key, as a number that is ordered as they are. A shorter key is filled up with zeros.
        let prefix: UInt64
        let key: UnsafeRawBufferPointer
        let index: Int

        init(key range: Range<Int>, of text: UnsafeRawBufferPointer, index: Int) {
            key = UnsafeRawBufferPointer(rebasing: text[range])
            self.index = index
            if range.lowerBound + 8 <= text.count {
                let word = UInt64(bigEndian: text.loadUnaligned(fromByteOffset: range.lowerBound, as: UInt64.self))
                prefix = range.count >= 8 ? word : word & ~(.max >> UInt64(8 * range.count))
            } else {
                var word: UInt64 = 0
                for offset in 0..<8 { word = word << 8 | (offset < key.count ? UInt64(key[offset]) : 0) }
                prefix = word
            }
        }

        @inline(__always)
        func precedes(_ other: Entry) -> Bool {
            prefix != other.prefix ? prefix < other.prefix : key.lexicographicallyPrecedes(other.key)
        }

        static func < (left: Entry, right: Entry) -> Bool {
            left.precedes(right) || left.index < right.index && !right.precedes(left)
        }

        static func == (left: Entry, right: Entry) -> Bool { left.index == right.index }
    }
}

extension OutputSpan<UInt8> {
    /// Appends bytes, for which there is room.
    @inline(__always)
    fileprivate mutating func append(contentsOf bytes: Slice<UnsafeBufferPointer<UInt8>>) {
        withUnsafeMutableBufferPointer { buffer, count in
            let room = UnsafeMutableBufferPointer(rebasing: buffer[count..<count + bytes.count])
            _ = room.initialize(from: bytes)
            count += bytes.count
        }
    }
}
