extension CodingUserInfoKey {
    /// Set by whoever reads the answers of a server that may be newer. What an answer may leave out is then passed over where it
    /// cannot be read, so that the rest of the answer is kept. Requests and stored records are read without it: there, an
    /// unreadable value is an error.
    package static let isLenient = CodingUserInfoKey(rawValue: "cube.lenient")!
}

/// The keys of an object of which some decide what a program does: below those, an unreadable value is never taken for a missing
/// one.
package protocol DecisiveKey: CodingKey {
    var isDecisive: Bool { get }
}

extension KeyedDecodingContainerProtocol {
    /// Reads what may be missing; `nil` too where a lenient reader passes over it.
    package func readIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
        try passingOver(key) { try decodeIfPresent(type, forKey: key) }
    }

    /// The same for a text. A lenient reader takes a number or a truth value for its text.
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

    /// Reads an array. A lenient reader passes over those of its elements that it cannot read.
    package func readElements<Element: Decodable>(_ type: [Element].Type, forKey key: Key) throws -> [Element] {
        try decode(type, orElse: [Passable<Element>].self, forKey: key) { $0.compactMap(\.value) }
    }

    /// Reads an object whose keys are names. A lenient reader passes over those of its members that it cannot read.
    package func readMembers<Value: Decodable>(
        _ type: [String: Value].Type, forKey key: Key
    ) throws -> [String: Value] {
        try decode(type, orElse: [String: Passable<Value>].self, forKey: key) { $0.compactMapValues(\.value) }
    }

    /// Reads what may be missing in a way of its own; `nil` too where a lenient reader passes over it.
    package func unlessAbsent<Value>(_ key: Key, _ read: (Self) throws -> Value) throws -> Value? {
        try passingOver(key) {
            guard contains(key), try !decodeNil(forKey: key) else { return nil }
            return try read(self)
        }
    }

    /// Reads a value, whatever the reading consists of; `nil` where a lenient reader passes over it.
    package func passingOver<Value>(_ key: Key, _ read: () throws -> Value?) throws -> Value? {
        do {
            return try read()
        } catch {
            guard mayPassOver(key) else { throw error }
            return nil
        }
    }

    private func decode<Value: Decodable, Parts: Decodable>(
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
        if let key = key as? any DecisiveKey, key.isDecisive { return false }
        // A container does not tell how it is read, a decoder does. Without a value there is none, and nothing to pass over.
        return (try? superDecoder(forKey: key))?.userInfo[.isLenient] as? Bool ?? false
    }
}

/// An element that a lenient reader may pass over.
private struct Passable<Value: Decodable>: Decodable {
    let value: Value?

    init(from decoder: any Decoder) throws {
        do {
            value = try Value(from: decoder)
        } catch {
            // What has no text either is passed over.
            value = Value.self == String.self ? try? ScalarText(from: decoder).text as? Value : nil
        }
    }
}

/// The text of a string, a number or a truth value.
private struct ScalarText: Decodable {
    let text: String

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let scalar: (any LosslessStringConvertible)? =
            (try? container.decode(Bool.self))  // What is none of these three is read as a string, or says what it is.
            ?? (try? container.decode(Int.self))  // A whole number.
            ?? (try? container.decode(Double.self))  // Any other number.
        text = try scalar?.description ?? container.decode(String.self)
    }
}
