extension CodingUserInfoKey {
    /// Makes the decoder lenient. Set it to decode responses of a server that may be newer: the decoder then skips optional values
    /// that it cannot read and keeps the rest of the response. Requests and stored records are decoded without it, so that an
    /// unreadable value in them is an error.
    package static let isLenient = CodingUserInfoKey(rawValue: "cube.lenient")!
}

/// A type that occurs in responses reads each value that it can do without by one of these methods. It reads a value that decides
/// what a program does with `decode` or `decodeIfPresent`: if such a value is unreadable, that is an error and never counts as missing.
extension KeyedDecodingContainerProtocol {
    /// Reads an optional value. Returns `nil` if it is absent, or if a lenient decoder skips it.
    package func readIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
        try passingOver(key) { try decodeIfPresent(type, forKey: key) }
    }

    /// Reads an optional string. A lenient decoder converts a number or a boolean to its text.
    package func readTextIfPresent(forKey key: Key) throws -> String? {
        try passingOver(key) {
            do {
                return try decodeIfPresent(String.self, forKey: key)
            } catch {
                guard mayPassOver(key) else { throw error }
                return try decode(ScalarText.self, forKey: key).text
            }
        }
    }

    /// Reads an array. A lenient decoder skips the elements that it cannot read, so the list must be correct without them. For example,
    /// if an unreadable task were skipped, a program could conclude that the task no longer exists.
    package func readElements<Element: Decodable>(_ type: [Element].Type, forKey key: Key) throws -> [Element] {
        try read(type, orElse: [Passable<Element>].self, forKey: key) { $0.compactMap(\.value) }
    }

    /// Reads an object whose keys are names. A lenient decoder skips the members that it cannot read.
    package func readMembers<Value: Decodable>(
        _ type: [String: Value].Type, forKey key: Key
    ) throws -> [String: Value] {
        try read(type, orElse: [String: Passable<Value>].self, forKey: key) { $0.compactMapValues(\.value) }
    }

    /// Reads an optional array. Returns `nil` if it is absent, or if a lenient decoder skips it.
    package func readElementsIfPresent<Element: Decodable>(_ type: [Element].Type, forKey key: Key) throws -> [Element]?
    {
        try unlessAbsent(key) { try $0.readElements(type, forKey: key) }
    }

    /// Reads an optional object whose keys are names. Returns `nil` if it is absent, or if a lenient decoder skips it.
    package func readMembersIfPresent<Value: Decodable>(
        _ type: [String: Value].Type, forKey key: Key
    ) throws -> [String: Value]? {
        try unlessAbsent(key) { try $0.readMembers(type, forKey: key) }
    }

    private func unlessAbsent<Value>(_ key: Key, _ read: (Self) throws -> Value) throws -> Value? {
        try passingOver(key) {
            guard contains(key), try !decodeNil(forKey: key) else { return nil }
            return try read(self)
        }
    }

    /// Runs a closure that reads a value. Returns `nil` if the closure fails and a lenient decoder may skip the value.
    package func passingOver<Value>(_ key: Key, _ read: () throws -> Value?) throws -> Value? {
        do {
            return try read()
        } catch {
            guard mayPassOver(key) else { throw error }
            return nil
        }
    }

    private func read<Value: Decodable, Parts: Decodable>(
        _ type: Value.Type, orElse parts: Parts.Type, forKey key: Key, _ convert: (Parts) -> Value
    ) throws -> Value {
        do {
            return try decode(type, forKey: key)
        } catch {
            guard mayPassOver(key) else { throw error }
            return convert(try decode(parts, forKey: key))
        }
    }

    private func mayPassOver(_ key: Key) -> Bool {
        // Only a decoder has the user info, not a container. If there is no value, there is no decoder and nothing to skip.
        return (try? superDecoder(forKey: key))?.userInfo[.isLenient] as? Bool ?? false
    }
}

/// An element that a lenient decoder may skip.
private struct Passable<Value: Decodable>: Decodable {
    let value: Value?

    init(from decoder: any Decoder) throws {
        do {
            value = try Value(from: decoder)
        } catch {
            // A lenient decoder skips an element that cannot be read as text either.
            value = Value.self == String.self ? try? ScalarText(from: decoder).text as? Value : nil
        }
    }
}

/// The text of a string, a number or a boolean.
private struct ScalarText: Decodable {
    let text: String

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let scalar: (any LosslessStringConvertible)? =
            (try? container.decode(Bool.self))  // Any other value is decoded as a string below, which throws.
            ?? (try? container.decode(Int.self))  // A whole number.
            ?? (try? container.decode(Double.self))  // Any other number.
        text = try scalar?.description ?? container.decode(String.self)
    }
}
