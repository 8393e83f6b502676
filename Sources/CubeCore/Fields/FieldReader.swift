package import CubeJSON

/// The state of reading with field tables: the problems found so far, and the path of the current field.
package struct FieldReader {
    package private(set) var problems: [Problem] = []
    private var path = FieldPath()

    package init() {}

    /// Reads the value at a step below the current path.
    mutating func at<Result>(_ step: FieldPath.Step, _ read: (inout FieldReader) -> Result) -> Result {
        path.enter(step)
        defer { path.leave() }
        return read(&self)
    }

    /// Reports that a value breaks a rule: `stop.grace: "5" must be …`.
    ///
    /// - Parameter steps: the steps from the value at the current path to the value with the problem.
    package mutating func report(
        _ reason: Diagnostic.Reason, _ rule: String, detail: Problem.Detail = "", at range: Range<Int>,
        below steps: FieldPath.Step...
    ) {
        let name = path.appending(steps).text
        problems.append(
            Problem(
                reason, name.isEmpty ? rule : "\(name): \(rule)", field: name, rule: rule, detail: detail, at: range))
    }

    package mutating func report(
        _ reason: Diagnostic.Reason, _ rule: String, detail: Problem.Detail = "", at value: JSONValue
    ) {
        report(reason, rule, detail: detail, at: value.range)
    }

    /// Returns the problems of reading a value that the program itself created.
    static func problems(
        reading value: CanonicalJSON, _ read: (JSONValue, inout FieldReader) -> Void
    ) -> [String] {
        var reader = FieldReader()
        do throws(Problem) {
            read(try JSONDocument(reading: value.bytes).root, &reader)
        } catch {
            reader.report(error)
        }
        return reader.problems.map(\.summary)
    }

    /// Reports a problem whose text is complete without the path.
    package mutating func report(_ problem: Problem) { problems.append(problem) }

    /// Reports a value of the wrong type.
    ///
    /// - Parameters:
    ///   - expected: the expected type, as a noun phrase.
    ///   - example: an example of a valid value.
    package mutating func reportMismatch(
        _ value: JSONValue, expected: String, _ example: CanonicalJSON? = nil, hint: String? = nil
    ) {
        let detail: Problem.Detail =
            if value.kind == .null {
                "omit the key if it has no value"
            } else if let hint {
                .words(hint)
            } else if let example {
                .words("such as \(example.line)")
            } else {
                ""
            }
        report(.typeMismatch, "must be \(expected), not \(value.kind.phrase)", detail: detail, at: value)
    }
}

extension JSONValue.Kind {
    var phrase: String {
        switch self {
        case .object: "an object"
        case .array: "an array"
        case .string: "a string"
        case .number: "a number"
        case .boolean: "true or false"
        case .null: "null"
        }
    }
}
