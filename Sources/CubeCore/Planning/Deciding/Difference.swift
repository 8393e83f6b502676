import CubeJSON
import CubeTypes

/// One field whose observed value differs from its declared value. Values of `env` are never shown.
package struct Difference: Codable, Hashable, Sendable {
    /// The name of the field in the manifest, such as `stop.grace` or `replicas`.
    package var field: String
    package var desired: String?
    package var observed: String?
    /// Whether Cube replaces tasks to change this field.
    package var replaces: Bool

    package init(field: String, desired: String?, observed: String?, replaces: Bool) {
        self.field = field
        self.desired = desired
        self.observed = observed
        self.replaces = replaces
    }

    /// Returns whether the field at a path is a variable of `env`, whose value is never shown. The comparison is by bytes,
    /// because the name of a variable may begin with a mark that combines with the dot.
    package static func isVariable(_ path: String) -> Bool { path.utf8.starts(with: "env.".utf8) }

    /// Returns the differences between the members of two objects, in no particular order.
    ///
    /// - Parameter replaces: whether Cube replaces tasks to change these members.
    static func list(
        from observed: [String: CanonicalJSON], to desired: [String: CanonicalJSON], replaces: Bool
    ) -> [Difference] {
        let (mine, theirs) = (texts(of: desired), texts(of: observed))
        return Set(mine.keys).union(theirs.keys).filter { mine[$0] != theirs[$0] }.map {
            Difference(of: $0, mine[$0], theirs[$0], replaces: replaces)
        }
    }

    private static func texts(of members: [String: CanonicalJSON]) -> [ExactText: ExactText] {
        var texts: [ExactText: ExactText] = [:]
        CanonicalJSON.object(members).list(in: &texts)
        return texts
    }

    private init(of path: ExactText, _ desired: ExactText?, _ observed: ExactText?, replaces: Bool) {
        field = path.text
        self.replaces = replaces
        if Self.isVariable(path.text) {
            let isChanged = desired != nil && observed != nil
            self.desired = desired.map { _ in isChanged ? "changed" : "added" }
            self.observed = observed.map { _ in isChanged ? "changed" : "removed" }
        } else {
            // Swift treats canonically equivalent texts as equal. They look the same, so the code points of their characters are
            // shown.
            let lookSame = desired?.text == observed?.text
            self.desired = lookSame ? desired?.text.spelledOut : desired?.text
            self.observed = lookSame ? observed?.text.spelledOut : observed?.text
        }
    }
}

extension ManifestFields {
    /// Returns the fields in which two definitions of a task differ, named as in manifests.
    func differences(from observed: TaskDefinition, to desired: TaskDefinition) -> [Difference] {
        let (observed, desired) = (observed.fields, desired.fields)
        return Difference.list(from: replacing.shown(observed), to: replacing.shown(desired), replaces: true)
            + Difference.list(from: settings.shown(observed), to: settings.shown(desired), replaces: false)
    }
}

extension CanonicalJSON {
    /// Collects the values of an object as texts, keyed by their paths, in which dots separate the names.
    fileprivate func list(in texts: inout [ExactText: ExactText], at path: String = "") {
        switch self {
        case .object(let members):
            for (key, value) in members { value.list(in: &texts, at: path.isEmpty ? key : "\(path).\(key)") }
        case .array([]): break
        case .string(let text): texts[ExactText(path)] = ExactText(text)
        case .array, .integer, .boolean: texts[ExactText(path)] = ExactText(String(decoding: bytes, as: UTF8.self))
        }
    }
}

extension String {
    /// The text with each character beyond ASCII written as its code point, such as `\u{e9}`.
    fileprivate var spelledOut: String {
        unicodeScalars.map { $0.isASCII ? String($0) : "\\u{\(String($0.value, radix: 16))}" }.joined()
    }
}
