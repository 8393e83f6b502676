import CubeErrors

// What every type of the wire is read by, those whose reading the compiler writes included: within this module, these go before
// the methods of the same name in the standard library. For a reader that is not lenient they do the same.
extension KeyedDecodingContainer {
    func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
        try readIfPresent(type, forKey: key)
    }

    func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? { try readIfPresent(type, forKey: key) }

    func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? { try readIfPresent(type, forKey: key) }

    func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? {
        try readIfPresent(type, forKey: key)
    }

    func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? { try readTextIfPresent(forKey: key) }

    func decodeIfPresent<Element: SkippableElement>(_ type: [Element].Type, forKey key: Key) throws -> [Element]? {
        try unlessAbsent(key) { try $0.readElements(type, forKey: key) }
    }

    func decode<Element: SkippableElement>(_ type: [Element].Type, forKey key: Key) throws -> [Element] {
        try readElements(type, forKey: key)
    }

    func decodeIfPresent(_ type: [String: String].Type, forKey key: Key) throws -> [String: String]? {
        try unlessAbsent(key) { try $0.readMembers(type, forKey: key) }
    }

    func decode(_ type: [String: String].Type, forKey key: Key) throws -> [String: String] {
        try readMembers(type, forKey: key)
    }
}

/// An element of a list that is as true without it. In a list of anything else, an element that cannot be read is an error: a
/// program that stops what is missing would take an unreadable task for one that is gone.
protocol SkippableElement: Decodable {}

extension String: SkippableElement {}
extension Endpoint: SkippableElement {}
extension ServiceEndpoint: SkippableElement {}
extension TaskEndpoint: SkippableElement {}
extension TaskMetrics: SkippableElement {}

// A definition in an answer is for reading. Parts that only a newer version knows are missing from it, and from a task that is
// made of it again: nothing compares its spec digest with what is left.
extension PortSpec: SkippableElement {}
extension TaskFile: SkippableElement {}
extension ContentSource: SkippableElement {}

// MARK: - What an older program does not say is empty

extension KeyedDecodingContainer {
    package func decode(_ type: [TaskEndpoint].Type, forKey key: Key) throws -> [TaskEndpoint] {
        try decodeIfPresent(type, forKey: key) ?? []
    }

    package func decode(_ type: [WorkloadName].Type, forKey key: Key) throws -> [WorkloadName] {
        try decodeIfPresent(type, forKey: key) ?? []
    }
}
