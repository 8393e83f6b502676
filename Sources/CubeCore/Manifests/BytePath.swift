import CubeJSON

/// The path of a file, or a part of one, as the bytes that it is: names of files need not be text, and two names that Unicode takes
/// for the same text are two files.
///
/// It is held as a text, its written form, which says exactly which bytes they are: a byte that is no part of UTF-8 is `\xFF`, and a
/// backslash is `\\`. So most paths are written as they are. Paths are equal, and in order, as the bytes of their written forms.
package struct BytePath: Hashable, Sendable {
    private let written: ExactText

    /// A path as it is shown, and as tasks bear it as their source.
    package var text: String { written.text }

    /// - Parameter text: the written form. Of what is none, the bytes that do not fit are taken as they are.
    package init(text: String) { written = ExactText(text) }

    /// - Parameter bytes: without a NUL, as the system has them.
    package init(_ bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        if !bytes.contains(Self.backslash), let text = String(validating: bytes, as: UTF8.self) {
            self.init(text: text)
        } else {
            self.init(text: Self.text(of: bytes))
        }
    }

    /// - Parameter name: a text as a person or a manifest writes it: its bytes are those of UTF-8.
    package init(naming name: String) { self.init(name.utf8) }

    /// The directory that everything else is below: `""`.
    package static let root = BytePath(text: "")

    package var isRoot: Bool { text.isEmpty }

    /// The bytes, as the system has them.
    package var bytes: [UInt8] {
        let text = Array(text.utf8)
        guard text.contains(Self.backslash) else { return text }
        var bytes: [UInt8] = []
        var rest = text[...]
        while let byte = rest.popFirst() {
            if byte == Self.backslash, rest.first == Self.backslash {
                rest = rest.dropFirst()
                bytes.append(byte)
            } else if byte == Self.backslash, rest.first == UInt8(ascii: "x"),
                case let digits = rest.dropFirst().prefix(2), digits.count == 2,
                digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            {
                rest = rest.dropFirst(3)
                bytes.append(value)
            } else {
                bytes.append(byte)
            }
        }
        return bytes
    }

    private static let backslash = UInt8(ascii: "\\")
    private static let slash = UInt8(ascii: "/")

    /// The written form of any bytes.
    private static func text(of bytes: [UInt8]) -> String {
        var text = ""
        var decoder = UTF8.ForwardParser()
        var rest = bytes[...].makeIterator()
        var position = bytes.startIndex
        while true {
            switch decoder.parseScalar(from: &rest) {
            case .emptyInput: return text
            case .valid(let encoded):
                position += encoded.count
                let scalar = UTF8.decode(encoded)
                text.unicodeScalars += scalar == "\\" ? ["\\", "\\"] : [scalar]
            case .error(let length):
                for byte in bytes[position..<(position + length)] {
                    text += "\\x" + (byte < 0x10 ? "0" : "") + String(byte, radix: 16, uppercase: true)
                }
                position += length
            }
        }
    }
}

// MARK: Parts

extension BytePath {
    /// The path of an entry of the directory that this is the path of; the root is `""`.
    package func appending(_ entry: BytePath) -> BytePath {
        isRoot ? entry : BytePath(text: text == "/" ? "/\(entry.text)" : "\(text)/\(entry.text)")
    }

    /// The directory that holds the entry that this is the path of, and the entry's name.
    package var splittingLastEntry: (directory: BytePath, name: BytePath) {
        guard let slash = text.utf8.lastIndex(of: Self.slash) else { return (.root, self) }
        let directory = slash == text.startIndex ? "/" : String(text[..<slash])
        return (BytePath(text: directory), BytePath(text: String(text[text.utf8.index(after: slash)...])))
    }

    /// The directories that a file is in, the root first.
    package var directories: [BytePath] {
        [.root] + text.utf8.indices.filter { text.utf8[$0] == Self.slash }.map { BytePath(text: String(text[..<$0])) }
    }

    /// The names on the way.
    package var components: [BytePath] {
        text.utf8.split(separator: Self.slash).map { BytePath(text: String(Substring($0))) }
    }

    /// The inverse of ``components``, of a path that is not absolute.
    package static func joined(_ components: [BytePath]) -> BytePath {
        BytePath(text: components.map(\.text).joined(separator: "/"))
    }

    package var isAbsolute: Bool { hasPrefix("/") }

    /// Whether it ends, as bytes, with an ASCII text.
    package func hasSuffix(_ suffix: StaticString) -> Bool {
        suffix.withUTF8Buffer { text.utf8.suffix($0.count).elementsEqual($0) }
    }

    /// Whether it begins, as bytes, with an ASCII text.
    package func hasPrefix(_ prefix: StaticString) -> Bool { prefix.withUTF8Buffer { text.utf8.starts(with: $0) } }
}

extension BytePath: Comparable {
    package static func < (left: BytePath, right: BytePath) -> Bool { left.written < right.written }
}

extension BytePath: CustomStringConvertible {
    package var description: String { text }
}

extension BytePath: ExpressibleByStringInterpolation {
    /// A path that the program itself names.
    package init(stringLiteral name: String) { self.init(naming: name) }
}
