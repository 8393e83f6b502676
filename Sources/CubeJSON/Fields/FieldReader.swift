/// What a reading by tables has found wrong so far, and the path of the field that it is at.
package struct FieldReader {
    package private(set) var problems: [Problem] = []
    private var path = FieldPath()

    package init() {}

    /// Reads what is below this step of the path.
    mutating func at<Result>(_ step: FieldPath.Step, _ read: (inout FieldReader) -> Result) -> Result {
        path.enter(step)
        defer { path.leave() }
        return read(&self)
    }

    /// Reports that the value at the path breaks a rule: `stop.grace: "5" must be …`.
    ///
    /// - Parameter steps: from the value at the path to the one that is meant.
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

    /// What is wrong with a value of ours when it is read.
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

    /// Reports a problem that speaks for itself.
    package mutating func report(_ problem: Problem) { problems.append(problem) }

    /// - Parameters:
    ///   - expected: What it must be, as a noun phrase.
    ///   - example: Shows what to write.
    package mutating func reportMismatch(
        _ value: JSONValue, expected: String, _ example: CanonicalJSON? = nil, hint: String? = nil
    ) {
        let detail: Problem.Detail =
            if value.kind == .null {
                "leave the key out where there is nothing to say"
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
