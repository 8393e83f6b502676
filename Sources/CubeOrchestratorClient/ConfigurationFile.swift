import Configuration
import CubeErrors
import CubeJSON
import CubeSystem
import FoundationEssentials

/// A configuration file with a JSON object. It is parsed by the JSON reader of manifests, because that reader reports the location
/// of every problem and, unlike the JSON provider of swift-configuration, does not need Foundation.
enum ConfigurationFile {
    /// - Throws: `validation_failed` with all problems of the file.
    static func provider(_ path: String) throws(APIError) -> InMemoryProvider {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try ConfiguredFile.bytes(path)
        } catch {
            throw .invalid([ValidationError(field: path, value: nil, message: "cannot be read: \(error.cause)")])
        }
        let document: JSONDocument
        do {
            document = try JSONDocument(reading: bytes)
        } catch {
            throw refusal([error], bytes, path)
        }
        var problems: [Problem] = document.duplicateKeys.map { duplicate in
            Problem(.duplicateKey, "duplicate key \(Quoted(duplicate.key.text))", at: duplicate.key.range)
        }
        let keys = Dictionary(
            uniqueKeysWithValues: ConfigurationValues.keys.map { (ConfigurationValues.spelling($0), $0) })
        var values: [AbsoluteConfigKey: ConfigValue] = [:]
        guard document.root.kind == .object else {
            throw refusal([Problem(.typeMismatch, "must be an object", at: document.root.range)], bytes, path)
        }
        for (key, value) in document.root.members {
            let spelling = key.text
            guard let name = keys[spelling] else {
                problems.append(
                    Problem(
                        .unknownKey, "unknown key \(Quoted(spelling))",
                        detail: .key(spelling, among: keys.keys.sorted()), at: key.range))
                continue
            }
            guard let text = text(of: value) else {
                problems.append(
                    Problem(.typeMismatch, "\(spelling) must be a string or a whole number", at: value.range))
                continue
            }
            values[AbsoluteConfigKey(["cube", name])] = ConfigValue(.string(text), isSecret: name == "token")
        }
        guard problems.isEmpty else { throw refusal(problems, bytes, path) }
        return InMemoryProvider(name: path, values: values)
    }

    /// Returns the text of a string or a whole number, or the strings of an array separated by commas.
    private static func text(of value: JSONValue) -> String? {
        switch value.kind {
        case .string: return value.string
        case .number: return value.number?.integer().map(String.init)
        case .array:
            let texts = value.elements.map(\.string)
            return texts.contains(nil) ? nil : texts.compactMap(\.self).joined(separator: ",")
        default: return nil
        }
    }

    private static func refusal(_ problems: [Problem], _ bytes: [UInt8], _ path: String) -> APIError {
        .invalid(
            Problem.diagnostics(of: problems, in: bytes, filename: path).map { diagnostic in
                ValidationError(
                    field: "\(path):\(diagnostic.range.start.line):\(diagnostic.range.start.column)", value: nil,
                    message: diagnostic.summary + (diagnostic.detail.isEmpty ? "" : "; \(diagnostic.detail)"))
            })
    }
}
