/// Appends strings, words and numbers to a JSON text.
enum JSONScalar {
    // MARK: Strings

    /// Appends a string with its quotes, and only the escape sequences that JSON requires.
    static func append(_ string: String, to output: inout [UInt8]) {
        var string = string
        string.withUTF8 { utf8 in
            if !appendPlain(utf8, after: "\"", before: "\"", to: &output) { appendEscaped(utf8, to: &output) }
        }
    }

    /// Appends the key of a member: the comma before it unless it is the first, the key as a string, and the colon.
    ///
    /// - Returns: whether the key has an escape sequence.
    static func append(key: String, isFirst: Bool, to output: inout [UInt8]) -> Bool {
        var key = key
        return key.withUTF8 { utf8 in
            if appendPlain(utf8, after: isFirst ? "\"" : ",\"", before: "\":", to: &output) { return false }
            if !isFirst { output.append(UInt8(ascii: ",")) }
            appendEscaped(utf8, to: &output)
            output.append(UInt8(ascii: ":"))
            return true
        }
    }

    /// Appends a string between two words, if it needs no escape sequence. Otherwise, appends nothing and returns `false`.
    @inline(__always)
    private static func appendPlain(
        _ utf8: UnsafeBufferPointer<UInt8>, after opening: StaticString, before closing: StaticString,
        to output: inout [UInt8]
    ) -> Bool {
        var isPlain = false
        output.append(addingCapacity: utf8.count + opening.utf8CodeUnitCount + closing.utf8CodeUnitCount) { span in
            span.withUnsafeMutableBufferPointer { buffer, count in
                var end = UnsafeMutableRawPointer(buffer.baseAddress!)
                end = copy(opening, to: end)
                isPlain = copyPlain(UnsafeRawBufferPointer(utf8), to: end)
                guard isPlain else { return }
                end = copy(closing, to: end + utf8.count)
                count = UnsafeMutableRawPointer(buffer.baseAddress!).distance(to: end)
            }
        }
        return isPlain
    }

    @inline(__always)
    private static func copy(_ word: StaticString, to target: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
        for offset in 0..<word.utf8CodeUnitCount {
            target.storeBytes(of: word.utf8Start[offset], toByteOffset: offset, as: UInt8.self)
        }
        return target + word.utf8CodeUnitCount
    }

    /// Copies bytes, eight at a time, unless one of them needs an escape sequence.
    @inline(__always)
    private static func copyPlain(_ bytes: UnsafeRawBufferPointer, to target: UnsafeMutableRawPointer) -> Bool {
        guard bytes.count >= 8 else {
            for offset in bytes.indices {
                let byte = bytes.load(fromByteOffset: offset, as: UInt8.self)
                if needsEscape(byte) { return false }
                target.storeBytes(of: byte, toByteOffset: offset, as: UInt8.self)
            }
            return true
        }
        var offset = 0
        while true {
            // The last word may overlap the one before it.
            offset = min(offset, bytes.count - 8)
            let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            if needsEscape(word) { return false }
            target.storeBytes(of: word, toByteOffset: offset, as: UInt64.self)
            offset += 8
            if offset == bytes.count { return true }
        }
    }

    private static func appendEscaped(_ utf8: UnsafeBufferPointer<UInt8>, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        var run = utf8[...]
        while let position = run.firstIndex(where: needsEscape) {
            output.append(contentsOf: run[..<position])
            appendEscape(of: run[position], to: &output)
            run = run[(position + 1)...]
        }
        output.append(contentsOf: run)
        output.append(UInt8(ascii: "\""))
    }

    private static func appendEscape(of byte: UInt8, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x08: output.append(UInt8(ascii: "b"))
        case 0x09: output.append(UInt8(ascii: "t"))
        case 0x0A: output.append(UInt8(ascii: "n"))
        case 0x0C: output.append(UInt8(ascii: "f"))
        case 0x0D: output.append(UInt8(ascii: "r"))
        case 0..<0x20: output += ((byte < 0x10 ? "u000" : "u00") + String(byte, radix: 16)).utf8
        default: output.append(byte)
        }
    }

    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    /// Whether one of the eight bytes of a word needs an escape sequence. In a difference, the highest bit of a byte is set if the byte
    /// was too small; bytes beyond ASCII, whose highest bit is set anyway, are left out.
    @inline(__always)
    private static func needsEscape(_ word: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quotes = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
        let backslashes = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
        let found =
            (word &- ones &* 0x20) & ~word | (quotes &- ones) & ~quotes | (backslashes &- ones) & ~backslashes
        return found & (ones << 7) != 0
    }

    // MARK: Words and numbers

    /// Appends `true`, `false`, `null` or an empty container.
    static func append(word: StaticString, to output: inout [UInt8]) {
        output.append(contentsOf: UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
    }

    @inline(__always)
    static func append(_ number: some FixedWidthInteger, to output: inout [UInt8]) {
        if let magnitude = UInt64(exactly: number.magnitude) {
            append(magnitude, isNegative: number < 0, to: &output)
        } else {
            output += number.description.utf8
        }
    }

    private static func append(_ magnitude: UInt64, isNegative: Bool, to output: inout [UInt8]) {
        var digitCount = 1
        var rest = magnitude
        while rest >= 10 {
            rest /= 10
            digitCount += 1
        }
        output.append(addingCapacity: digitCount + 1) { span in
            if isNegative { span.append(UInt8(ascii: "-")) }
            span.withUnsafeMutableBufferPointer { buffer, count in
                // From the last digit to the first.
                var rest = magnitude
                for position in (count..<count + digitCount).reversed() {
                    buffer.initializeElement(at: position, to: UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
                    rest /= 10
                }
                count += digitCount
            }
        }
    }

    /// Appends the shortest text that is read as the same number, such as `0.1`, `1` or `1e+20`. The number is finite.
    static func append(_ number: some BinaryFloatingPoint & CustomStringConvertible, to output: inout [UInt8]) {
        let text = number.description
        output += text.hasSuffix(".0") ? text.utf8.dropLast(2) : text.utf8[...]
    }
}
