import CubeErrors
import CubeTypes

/// Reads the parameters of a query one by one, and collects their errors until ``finish()``.
struct QueryReader {
    private var values: [String: String] = [:]
    private var unread: Set<String> = []
    private var problems: [ValidationError] = []

    init(_ query: String?) {
        for pair in (query ?? "").split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(Self.decode)
            guard let name = parts[0], let value = parts.count == 2 ? parts[1] : "" else {
                problems.append(
                    ValidationError(
                        field: "query", value: "\(pair.prefix(80))", message: "has an invalid percent-encoding"))
                continue
            }
            if values.updateValue(value, forKey: name) != nil {
                problems.append(ValidationError(field: name, value: nil, message: "is duplicated"))
            }
            unread.insert(name)
        }
    }

    private static func decode(_ text: Substring) -> String? {
        text.replacing("+", with: " ").percentDecoded
    }

    /// Reads a parameter; `nil` if it is absent or invalid.
    mutating func read<Value>(_ name: String, _ rule: String, _ parse: (String) -> Value?) -> Value? {
        unread.remove(name)
        guard let text = values[name] else { return nil }
        if let value = parse(text) { return value }
        problems.append(ValidationError(field: name, value: "\"\(text.prefix(80))\"", message: rule))
        return nil
    }

    /// Whether any of these parameters is present.
    func hasAny(of names: [String]) -> Bool { names.contains { values[$0] != nil } }

    /// Records an error if a parameter is missing.
    mutating func require(_ name: String) {
        if values[name] == nil { problems.append(ValidationError(field: name, value: nil, message: "is missing")) }
    }

    /// - Throws: `validation_failed` with all errors: invalid, missing and unknown parameters.
    func finish() throws(APIError) {
        let strangers = unread.sorted().map {
            ValidationError(field: $0, value: nil, message: "is not a parameter of this call")
        }
        if !(problems + strangers).isEmpty { throw .invalid(problems + strangers) }
    }
}
