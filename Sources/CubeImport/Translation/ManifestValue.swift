import CubeJSON

/// A JSON value of a manifest that is written for people: members keep their order, and short values are on one line.
package indirect enum ManifestValue: Hashable, Sendable {
    case string(String)
    /// A number in its JSON notation.
    case number(String)
    case boolean(Bool)
    case array([ManifestValue])
    case object([Member])

    package struct Member: Hashable, Sendable {
        package var key: String
        package var value: ManifestValue

        package init(_ key: String, _ value: ManifestValue) {
            self.key = key
            self.value = value
        }
    }

    /// The maximum length of a line, if it can be broken.
    private static let width = 110

    /// The text, with a line break at its end.
    package var text: String { written(column: 0, depth: 0, isWhole: true) + "\n" }

    /// The text on one line.
    package var line: String {
        switch self {
        case .string(let text): return String(decoding: CanonicalJSON.string(text).bytes, as: UTF8.self)
        case .number(let text): return text
        case .boolean(let flag): return flag ? "true" : "false"
        case .array(let elements): return "[" + elements.map(\.line).joined(separator: ", ") + "]"
        case .object(let members):
            return "{" + members.map { "\(Self.string($0.key).line): \($0.value.line)" }.joined(separator: ", ") + "}"
        }
    }

    /// - Parameters:
    ///   - column: the number of characters before the value on its line.
    ///   - isWhole: whether the value is a whole manifest, each of whose fields has a line of its own.
    private func written(column: Int, depth: Int, isWhole: Bool = false) -> String {
        if !isWhole, column + line.count <= Self.width { return line }
        let margin = String(repeating: "  ", count: depth + 1)
        let end = "\n" + String(repeating: "  ", count: depth)
        switch self {
        case .string, .number, .boolean: return line
        case .array(let elements):
            let parts = elements.map { margin + $0.written(column: margin.count, depth: depth + 1) }
            return "[\n" + parts.joined(separator: ",\n") + end + "]"
        case .object(let members):
            let parts = members.map { member in
                let key = margin + Self.string(member.key).line + ": "
                return key + member.value.written(column: key.count, depth: depth + 1)
            }
            return "{\n" + parts.joined(separator: ",\n") + end + "}"
        }
    }
}

extension ManifestValue {
    static func integer(_ number: some BinaryInteger) -> ManifestValue { .number("\(number)") }

    static func strings(_ texts: [String]) -> ManifestValue { .array(texts.map { .string($0) }) }

    /// An object without the members that are `nil`.
    static func object(_ members: (String, ManifestValue?)...) -> ManifestValue {
        .object(members.compactMap { key, value in value.map { Member(key, $0) } })
    }

    static func strings(_ texts: [String: String]) -> ManifestValue {
        .object(texts.sorted { $0.key < $1.key }.map { Member($0.key, .string($0.value)) })
    }
}

/// The fields of a manifest, in the order of the reference.
struct ManifestDraft {
    private var fields: [String: ManifestValue] = [:]

    private static let order = [
        "name", "kind", "image", "pull", "entrypoint", "command", "env", "env_from", "working_dir", "user", "cpu",
        "memory",
        "limits", "ports", "network", "volumes", "files", "security", "health", "restart", "stop", "constraints",
        "labels",
        "replicas", "update", "depends_on",
    ]

    subscript(key: String) -> ManifestValue? {
        get { fields[key] }
        set {
            precondition(Self.order.contains(key))
            fields[key] = newValue
        }
    }

    /// Sets a member of a field that is an object.
    mutating func set(_ key: String, _ member: String, _ value: ManifestValue) {
        var members: [ManifestValue.Member] = []
        if case .object(let present) = fields[key] { members = present.filter { $0.key != member } }
        self[key] = .object(members + [.init(member, value)])
    }

    /// Appends an element to a field that is an array.
    mutating func append(_ key: String, _ element: ManifestValue) {
        var elements: [ManifestValue] = []
        if case .array(let present) = fields[key] { elements = present }
        self[key] = .array(elements + [element])
    }

    var value: ManifestValue {
        .object(Self.order.compactMap { key in fields[key].map { .init(key, $0) } })
    }
}
