extension StringProtocol {
    /// The text as a part of a URL: all but the unreserved characters of RFC 3986 are encoded.
    package var percentEncoded: String {
        var encoded = ""
        for byte in utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default: encoded += (byte < 0x10 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }
        return encoded
    }

    /// The text that a part of a URL stands for; `nil` if it is no valid encoding of a text.
    package var percentDecoded: String? {
        percentDecodedBytes(of: String(self), isStrict: true).flatMap { String(validating: $0, as: UTF8.self) }
    }

    /// The text that a part of a URL stands for. Whatever is no valid encoding stays as it is.
    package var percentDecodedWherePossible: String {
        String(decoding: percentDecodedBytes(of: String(self), isStrict: false) ?? [], as: UTF8.self)
    }
}

private func percentDecodedBytes(of text: String, isStrict: Bool) -> [UInt8]? {
    let percent = UInt8(ascii: "%")
    let encoded = Array(text.utf8)
    guard encoded.contains(percent) else { return encoded }
    var bytes: [UInt8] = []
    var rest = encoded[...]
    while let byte = rest.popFirst() {
        guard byte == percent else {
            bytes.append(byte)
            continue
        }
        let digits = rest.prefix(2).compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        if digits.count == 2 {
            bytes.append(UInt8(digits[0] << 4 | digits[1]))
            rest = rest.dropFirst(2)
        } else if isStrict {
            return nil
        } else {
            bytes.append(byte)
        }
    }
    return bytes
}
