import CubeCore
import CubeErrors
import CubeJSON
import CubeTypes

/// A JSON body that conforms to RFC 8259, and in which no member has the name of another: a proxy that checks requests may pick the other
/// one.
struct JSONBody {
    private let document: JSONDocument

    /// - Throws: `validation_failed` if the body is not JSON, or contains duplicate members.
    init(_ bytes: [UInt8]) throws(APIError) {
        do throws(Problem) {
            document = try JSONDocument(reading: bytes, as: "body")
        } catch {
            throw .invalid([ValidationError(error, in: bytes)])
        }
        guard document.duplicateKeys.isEmpty else {
            var found: [ValidationError] = []
            Self.findRepetitions(in: document.root, at: JSONPlace(), &found)
            throw .invalid(found)
        }
    }

    /// - Throws: `validation_failed` with every field that breaks the schema, or otherwise with the first one that
    ///   cannot be decoded.
    func decoded<Value: Decodable & Described>(as type: Value.Type = Value.self) throws -> Value {
        do {
            return try JSONBytesDecoder.value(
                from: document, repeated: RepeatedValues(of: TaskDefinition.self))
        } catch let error as DecodingError {
            let problems = SchemaChecker.problems(of: document.root, Value.schema(for: document.root))
            throw APIError.invalid(problems.isEmpty ? [ValidationError(error)] : problems)
        }
    }

    /// The maximum number of duplicate members to report.
    private static let limit = 100

    /// Finds duplicate members of objects at any depth. A key can be as long as the body, so only its beginning is
    /// reported.
    private static func findRepetitions(in value: JSONValue, at place: JSONPlace, _ found: inout [ValidationError]) {
        var seen: Set<String> = []
        for (key, member) in value.members where found.count < limit {
            let isRepeated = !seen.insert(key.text).inserted
            guard isRepeated || [.object, .array].contains(member.kind) else { continue }
            let inside = place.member(key.text.harmless.shortened(to: 60))
            if isRepeated { found.append(ValidationError(field: inside.text, value: nil, message: "is duplicated")) }
            findRepetitions(in: member, at: inside, &found)
        }
        for (index, element) in value.elements.enumerated() where found.count < limit {
            findRepetitions(in: element, at: place.element(index), &found)
        }
    }
}

extension ValidationError {
    /// Describes a syntax error by its location. The message contains at most one character of the text.
    fileprivate init(_ problem: Problem, in bytes: [UInt8]) {
        let offset = problem.range.lowerBound
        let place = SourcePositions(of: [offset], in: bytes)[offset]
        self.init(
            field: "body", value: nil,
            message: "is not valid JSON: line \(place.line), column \(place.column): \(problem.summary)")
    }
}
