/// A version by Semantic Versioning 2.0.0 (https://semver.org), written as a tag of an image. Tags also use shorter forms: with `v`
/// in front, or without the last numbers, which count as 0.
package struct TagVersion: Hashable, Sendable {
    /// The form in which a version is written. Tags of one form belong together, such as `1.27-alpine` and `1.28-alpine`.
    package struct Form: Hashable, Sendable {
        fileprivate var hasPrefix: Bool
        fileprivate var numbers: Int
        fileprivate var prerelease: String
    }

    /// Major, minor and patch.
    private var numbers: [UInt64]
    private var prerelease: [Identifier]
    package let form: Form

    /// A part of a prerelease. Numbers precede texts.
    private enum Identifier: Hashable, Comparable {
        case number(UInt64)
        case text(String)

        static func < (left: Identifier, right: Identifier) -> Bool {
            switch (left, right) {
            case (.number(let left), .number(let right)): left < right
            case (.text(let left), .text(let right)): left.utf8.lexicographicallyPrecedes(right.utf8)
            case (.number, .text): true
            case (.text, .number): false
            }
        }
    }

    /// Parses a tag; `nil` if it is not a version.
    package init?(_ tag: String) {
        let hasPrefix = tag.hasPrefix("v")
        // Build metadata is of no importance to the order.
        let text = (hasPrefix ? tag.dropFirst() : tag[...]).prefix { $0 != "+" }
        let core = text.prefix { $0 != "-" }
        let rest = text.dropFirst(core.utf8.count)
        let parts = core.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...3).contains(parts.count) else { return nil }
        var numbers: [UInt64] = []
        for part in parts {
            guard let number = Self.number(part) else { return nil }
            numbers.append(number)
        }
        form = Form(hasPrefix: hasPrefix, numbers: numbers.count, prerelease: String(rest))
        self.numbers = numbers + Array(repeating: 0, count: 3 - numbers.count)
        prerelease = []
        guard !rest.isEmpty else { return }
        for part in rest.dropFirst().split(separator: ".", omittingEmptySubsequences: false) {
            guard !part.isEmpty, part.utf8.allSatisfy(Self.isOfIdentifier) else { return nil }
            let isNumber = part.utf8.allSatisfy(Self.isDigit)
            if isNumber, let number = Self.number(part) {
                prerelease.append(.number(number))
            } else if isNumber {
                return nil
            } else {
                prerelease.append(.text(String(part)))
            }
        }
    }

    /// Whether the version precedes the release of the same number.
    package var isPrerelease: Bool { !prerelease.isEmpty }

    /// Returns a number without leading zeros.
    private static func number(_ text: Substring) -> UInt64? {
        guard !text.isEmpty, text.utf8.allSatisfy(isDigit), text == "0" || text.utf8.first != UInt8(ascii: "0") else {
            return nil
        }
        return UInt64(text)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isOfIdentifier(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || byte == UInt8(ascii: "-")
    }
}

extension TagVersion {
    /// Whether a version has a lower precedence than another one, by rule 11 of the specification. Two versions of which neither
    /// precedes the other may be written differently.
    package func precedes(_ other: TagVersion) -> Bool {
        if numbers != other.numbers { return numbers.lexicographicallyPrecedes(other.numbers) }
        if isPrerelease != other.isPrerelease { return isPrerelease }
        return prerelease.lexicographicallyPrecedes(other.prerelease)
    }
}
