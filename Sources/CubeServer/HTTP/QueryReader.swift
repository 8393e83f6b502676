import CubeErrors
import CubeTypes

/// Reads the parameters of a query one by one, and keeps what is wrong with them until ``finish()``.
struct QueryReader {
    private var values: [String: String] = [:]
    private var unread: Set<String> = []
    private var problems: [ValidationError] = []

    init(_ query: String?) {
        for pair in (query ?? "").split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(Self.decode)
            guard let name = parts[0], let value = parts.count == 2 ? parts[1] : "" else {
                problems.append(ValidationError(field: "query", value: "\(pair.prefix(80))", message: "is not encoded"))
                continue
            }
            if values.updateValue(value, forKey: name) != nil {
                problems.append(ValidationError(field: name, value: nil, message: "is given twice"))
            }
            unread.insert(name)
        }
    }

    private static func decode(_ text: Substring) -> String? {
        text.replacing("+", with: " ").percentDecoded
    }

    func has(_ name: String) -> Bool { values[name] != nil }

    mutating func text(_ name: String) -> String? {
        unread.remove(name)
        return values[name]
    }

    mutating func identifier<Name: Identifier>(_ name: String, as type: Name.Type = Name.self) -> Name? {
        read(name, Name.rule, Name.init(rawValue:))
    }

    mutating func integer(_ name: String, in range: ClosedRange<Int> = 0...Int.max) -> Int? {
        let rule = range.upperBound == .max ? "must be at least \(range.lowerBound)" : "must be in \(range)"
        return read(name, rule) { Int($0).flatMap { range.contains($0) ? $0 : nil } }
    }

    mutating func duration(_ name: String, upTo longest: Duration) -> Duration? {
        read(name, "must be a whole number and ms, s, m or h, at most \(longest.text)") {
            Duration(text: $0).flatMap { $0 <= longest ? $0 : nil }
        }
    }

    /// `true` also where the name stands alone.
    mutating func flag(_ name: String) -> Bool {
        read(name, "must be true or false") { ["": true, "true": true, "false": false][$0] } ?? false
    }

    /// What is required was given and read when this returns.
    ///
    /// - Throws: `validation_failed` with all that was wrong: what was read, what nobody asked for, what is missing.
    mutating func finish(requiring required: String...) throws(APIError) {
        for name in required where values[name] == nil {
            problems.append(ValidationError(field: name, value: nil, message: "is missing"))
        }
        for name in unread.sorted() {
            problems.append(ValidationError(field: name, value: nil, message: "is not a parameter of this call"))
        }
        if !problems.isEmpty { throw .invalid(problems) }
    }

    private mutating func read<Value>(_ name: String, _ rule: String, _ parse: (String) -> Value?) -> Value? {
        guard let text = text(name) else { return nil }
        if let value = parse(text) { return value }
        problems.append(ValidationError(field: name, value: "\"\(text.prefix(80))\"", message: rule))
        return nil
    }
}
