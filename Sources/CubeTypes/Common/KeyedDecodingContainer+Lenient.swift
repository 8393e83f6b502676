import CubeErrors

// All wire types are decoded with these methods, including the types whose decoding the compiler synthesizes: within this module,
// they take precedence over the methods of the same name in the standard library. For a decoder that is not lenient, they behave
// like those methods.
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

/// An element that a lenient decoder may skip, because the list stays correct without it. In any other list, an unreadable element
/// is an error. For example, if an unreadable task were skipped, a program could conclude that the task no longer exists.
protocol SkippableElement: Decodable {}

extension String: SkippableElement {}
extension Endpoint: SkippableElement {}
extension ServiceEndpoint: SkippableElement {}
extension TaskEndpoint: SkippableElement {}
extension TaskMetrics: SkippableElement {}

// A definition in a response is informational. If a newer server sends ports or files that this version cannot read, they are
// missing from the decoded definition, and from a new task that is scheduled with it. Nothing compares the decoded definition with
// the spec digest in the response.
extension PortSpec: SkippableElement {}
extension TaskFile: SkippableElement {}
extension ContentSource: SkippableElement {}

// MARK: - Lists that older programs omit are empty

extension KeyedDecodingContainer {
    package func decode(_ type: [TaskEndpoint].Type, forKey key: Key) throws -> [TaskEndpoint] {
        try decodeIfPresent(type, forKey: key) ?? []
    }

    package func decode(_ type: [WorkloadName].Type, forKey key: Key) throws -> [WorkloadName] {
        try decodeIfPresent(type, forKey: key) ?? []
    }
}
