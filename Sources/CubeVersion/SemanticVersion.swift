/// A version according to Semantic Versioning 2.0.0 (semver.org): `MAJOR.MINOR.PATCH` with an optional prerelease and build.
///
/// - Since: 0.1
public struct SemanticVersion: Hashable, Sendable {
    /// Incremented by breaking changes.
    public var major: Int
    /// Incremented by new features.
    public var minor: Int
    /// Incremented by fixes.
    public var patch: Int
    /// The dot-separated identifiers after a `-`, such as `rc.1`. A prerelease precedes the release of the same number.
    public var prerelease: [String]
    /// The build metadata after a `+`. It does not affect the order of versions.
    public var build: String?

    /// Creates a version from its numbers.
    public init(_ major: Int, _ minor: Int, _ patch: Int, prerelease: [String] = [], build: String? = nil) {
        self.major = major
        self.minor = minor
        self.patch = patch
        self.prerelease = prerelease
        self.build = build
    }

    /// Parses a version; `nil` if the text is not a version.
    public init?(_ text: String) {
        let (rest, build) = Self.cut(text[...], at: "+")
        let (core, prerelease) = Self.cut(rest, at: "-")
        let numbers = core.split(separator: ".", omittingEmptySubsequences: false).map(Self.number)
        guard numbers.count == 3, let major = numbers[0], let minor = numbers[1], let patch = numbers[2] else {
            return nil
        }
        let words = prerelease?.split(separator: ".", omittingEmptySubsequences: false) ?? []
        guard words.allSatisfy({ Self.isWord($0) && (!Self.isNumeric($0) || Self.number($0) != nil) }),
            build.map({ $0.split(separator: ".", omittingEmptySubsequences: false).allSatisfy(Self.isWord) }) ?? true
        else { return nil }
        self.init(major, minor, patch, prerelease: words.map(String.init), build: build.map(String.init))
    }

    private static func cut(_ text: Substring, at mark: Character) -> (Substring, Substring?) {
        guard let index = text.firstIndex(of: mark) else { return (text, nil) }
        return (text[..<index], text[text.index(after: index)...])
    }

    private static func isNumeric(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    /// Returns the value of digits without a leading zero.
    private static func number(_ text: Substring) -> Int? {
        isNumeric(text) && (text == "0" || !text.hasPrefix("0")) ? Int(text) : nil
    }

    private static func isWord(_ text: Substring) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
                    || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
            }
    }
}

extension SemanticVersion: Comparable {
    public static func < (left: SemanticVersion, right: SemanticVersion) -> Bool {
        let (one, other) = ([left.major, left.minor, left.patch], [right.major, right.minor, right.patch])
        if one != other { return one.lexicographicallyPrecedes(other) }
        if left.prerelease.isEmpty || right.prerelease.isEmpty {
            return !left.prerelease.isEmpty && right.prerelease.isEmpty
        }
        return left.prerelease.lexicographicallyPrecedes(right.prerelease, by: precedes)
    }

    /// Numeric identifiers precede alphanumeric identifiers, and are compared as numbers.
    private static func precedes(_ left: String, _ right: String) -> Bool {
        switch (number(left[...]), number(right[...])) {
        case (let left?, let right?): left < right
        case (nil, nil): left.utf8.lexicographicallyPrecedes(right.utf8)
        case (let left, _): left != nil
        }
    }
}

extension SemanticVersion: CustomStringConvertible {
    public var description: String {
        "\(major).\(minor).\(patch)" + (prerelease.isEmpty ? "" : "-" + prerelease.joined(separator: "."))
            + (build.map { "+\($0)" } ?? "")
    }
}
