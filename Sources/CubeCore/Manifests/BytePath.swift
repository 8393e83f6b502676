import CubeJSON

/// A file path, or a part of one, as exact bytes. File names need not be valid text, and two names that are canonically
/// equivalent in Unicode are two different files.
///
/// The path is stored in its written form, a text that determines the bytes exactly: a byte that is not valid UTF-8 is written as
/// `\xFF`, and a backslash as `\\`. Most paths are therefore written unchanged. Paths are compared by the bytes of their written
/// forms.
package struct BytePath: Hashable, Sendable {
    private let written: ExactText

    /// The written form of the path, as views show it and as tasks store it as their source.
    package var text: String { written.text }

    /// - Parameter text: the written form. An invalid escape sequence in it stands for its own bytes.
    package init(text: String) { written = ExactText(text) }

    /// - Parameter bytes: the path as the operating system reports it, without a NUL.
    package init(_ bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        if !bytes.contains(Self.backslash), let text = String(validating: bytes, as: UTF8.self) {
            self.init(text: text)
        } else {
            self.init(text: Self.text(of: bytes))
        }
    }

    /// - Parameter name: a path as a person or a manifest writes it. Its bytes are the UTF-8 encoding of the text.
    package init(naming name: String) { self.init(name.utf8) }

    /// The root directory, `""`.
    package static let root = BytePath(text: "")

    package var isRoot: Bool { text.isEmpty }

    /// Whether the written form is too long for a task to store it as its source.
    package var isTooLong: Bool { text.utf8.count > TextBounds.address }

    /// The path as the operating system expects it.
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

    /// Returns the written form of arbitrary bytes.
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
    /// Returns the path of an entry of this directory.
    package func appending(_ entry: BytePath) -> BytePath {
        isRoot ? entry : BytePath(text: text == "/" ? "/\(entry.text)" : "\(text)/\(entry.text)")
    }

    /// Returns the path relative to a directory; `nil` if it is not below it. The inverse of ``appending(_:)``.
    package func removing(_ directory: BytePath) -> BytePath? {
        guard !directory.isRoot else { return self }
        let prefix = directory.text == "/" ? "/" : "\(directory.text)/"
        guard text.utf8.count > prefix.utf8.count, text.utf8.starts(with: prefix.utf8) else { return nil }
        return BytePath(text: String(text.utf8.dropFirst(prefix.utf8.count))!)
    }

    /// The path of the containing directory, and the last component.
    package var splittingLastEntry: (directory: BytePath, name: BytePath) {
        guard let slash = text.utf8.lastIndex(of: Self.slash) else { return (.root, self) }
        let directory = slash == text.startIndex ? "/" : String(text[..<slash])
        return (BytePath(text: directory), BytePath(text: String(text[text.utf8.index(after: slash)...])))
    }

    /// All directories that contain the file, from the root down.
    package var directories: [BytePath] {
        [.root] + text.utf8.indices.filter { text.utf8[$0] == Self.slash }.map { BytePath(text: String(text[..<$0])) }
    }

    /// The components of the path.
    package var components: [BytePath] {
        text.utf8.split(separator: Self.slash).map { BytePath(text: String(Substring($0))) }
    }

    /// Joins components into a relative path. The inverse of ``components``.
    package static func joined(_ components: [BytePath]) -> BytePath {
        BytePath(text: components.map(\.text).joined(separator: "/"))
    }

    package var isAbsolute: Bool { hasPrefix("/") }

    /// Whether the bytes of the path end with an ASCII text.
    package func hasSuffix(_ suffix: StaticString) -> Bool {
        suffix.withUTF8Buffer { text.utf8.suffix($0.count).elementsEqual($0) }
    }

    /// Whether the bytes of the path begin with an ASCII text.
    package func hasPrefix(_ prefix: StaticString) -> Bool { prefix.withUTF8Buffer { text.utf8.starts(with: $0) } }
}

extension BytePath: Comparable {
    package static func < (left: BytePath, right: BytePath) -> Bool { left.written < right.written }
}

extension BytePath: CustomStringConvertible {
    package var description: String { text }
}

extension BytePath: ExpressibleByStringInterpolation {
    /// A path in the source code.
    package init(stringLiteral name: String) { self.init(naming: name) }
}
