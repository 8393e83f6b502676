import CubeJSON
import CubeTypes

extension TaskDefinition {
    /// The fields in which a task's definition is not this one, as manifests call them. Values of `env` are not shown.
    func differences(from observed: TaskDefinition) -> [Difference] {
        let (mine, theirs) = (fields, observed.fields)
        return Set(mine.keys).union(theirs.keys).filter { mine[$0] != theirs[$0] }.map { field in
            guard Self.isVariable(field.text) else {
                return Difference(of: field, mine[field], theirs[field])
            }
            let isThere = (mine[field] != nil, theirs[field] != nil)
            return isThere == (true, true)
                ? Difference(field: field.text, desired: "changed", observed: "changed")
                : Difference(
                    field: field.text, desired: isThere.0 ? "added" : nil, observed: isThere.1 ? "removed" : nil)
        }
    }

    /// Whether a field, by its path, is a variable of `env`, whose value is never shown. By bytes: a name may begin with a mark
    /// that combines with the dot.
    package static func isVariable(_ path: String) -> Bool { path.utf8.starts(with: "env.".utf8) }

    /// Every field that has a value, as a text, by its path.
    private var fields: [ExactText: ExactText] {
        var fields: [ExactText: ExactText] = [:]
        CanonicalJSON.object(Self.replacingFields.shown(self)).list(in: &fields)
        CanonicalJSON.object(Self.settingFields.shown(self)).list(in: &fields)
        return fields
    }
}

extension CanonicalJSON {
    /// Lists what an object holds, as texts, with the names on the way to them joined by dots.
    func list(in texts: inout [ExactText: ExactText], at path: String = "") {
        switch self {
        case .object(let members):
            for (key, value) in members { value.list(in: &texts, at: path.isEmpty ? key : "\(path).\(key)") }
        case .array([]): break
        case .string(let text): texts[ExactText(path)] = ExactText(text)
        case .array, .integer, .boolean: texts[ExactText(path)] = ExactText(String(decoding: bytes, as: UTF8.self))
        }
    }
}

extension Difference {
    /// A field that is another text. Two texts that look the same, as Unicode takes them for one, are told apart by the numbers of
    /// their characters.
    init(of field: ExactText, _ desired: ExactText?, _ observed: ExactText?) {
        let lookSame = desired?.text == observed?.text
        self.init(
            field: field.text, desired: lookSame ? desired?.text.spelledOut : desired?.text,
            observed: lookSame ? observed?.text.spelledOut : observed?.text)
    }
}

extension String {
    /// With each character beyond ASCII as its number, such as `\u{e9}`.
    fileprivate var spelledOut: String {
        unicodeScalars.map { $0.isASCII ? String($0) : "\\u{\(String($0.value, radix: 16))}" }.joined()
    }
}
