import CubeJSON

/// A JSON pointer (RFC 6901) to a part of a JSON value, such as `/labels/team`.
package struct JSONPointer: Hashable, Sendable, CustomStringConvertible {
    /// The unescaped reference tokens: keys and array indices. There is at least one.
    package let tokens: [String]

    /// Returns `nil` if the text is not a JSON pointer, or points to the whole value.
    package init?(_ text: String) {
        guard text.utf8.first == UInt8(ascii: "/") else { return nil }
        var tokens: [String] = []
        for part in text.unicodeScalars.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
            .map({ String($0) })
        {
            guard !part.replacing("~0", with: "").replacing("~1", with: "").contains("~") else { return nil }
            tokens.append(String(part.replacing("~1", with: "/").replacing("~0", with: "~")))
        }
        self.tokens = tokens
    }

    package var description: String {
        tokens.map { "/" + $0.replacing("~", with: "~0").replacing("/", with: "~1") }.joined()
    }
}

extension CanonicalJSON {
    /// Returns the value without the parts that the pointers refer to; `nil` if nothing is left. Empty objects are removed, as in
    /// every canonical form.
    func without(_ pointers: [ArraySlice<String>]) -> CanonicalJSON? {
        guard !pointers.isEmpty else { return self }
        guard !pointers.contains(where: \.isEmpty) else { return nil }
        func below(_ token: String) -> [ArraySlice<String>] {
            pointers.filter { $0.first == token }.map { $0.dropFirst() }
        }
        switch self {
        case .object(let members):
            var left: [String: CanonicalJSON] = [:]
            for (key, value) in members { left[key] = value.without(below(key)) }
            return left.isEmpty ? nil : .object(left)
        case .array(let elements):
            return .array(elements.enumerated().compactMap { $1.without(below("\($0)")) })
        case .string, .integer, .boolean: return self
        }
    }
}
