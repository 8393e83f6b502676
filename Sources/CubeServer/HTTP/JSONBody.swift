import CubeErrors
import CubeJSON
import CubeTypes
import FoundationEssentials

/// A body of JSON by RFC 8259.
///
/// `JSONDecoder` passes over a trailing comma, and takes one of two members of the same name: what checks a request on its way
/// may take the other one. So each body goes through the strict reader first.
struct JSONBody {
    private let bytes: [UInt8]
    private let document: JSONDocument

    /// - Throws: `validation_failed` for what is no JSON, or can be read in two ways.
    init(_ bytes: [UInt8]) throws(APIError) {
        self.bytes = bytes
        do throws(Problem) {
            document = try JSONDocument(reading: bytes, as: "body")
        } catch {
            throw .invalid([ValidationError(error, in: bytes)])
        }
        guard document.duplicateKeys.isEmpty else {
            throw .invalid(Self.repetitions(in: document.root, at: JSONPlace()))
        }
    }

    /// - Throws: `validation_failed` with every place that is not as described, or else the first that cannot be read.
    func decoded<Value: Decodable & Described>(as type: Value.Type = Value.self) throws -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(bytes))
        } catch let error as DecodingError {
            let problems = SchemaChecker.problems(of: document.root, Value.schema(for: document.root))
            throw APIError.invalid(problems.isEmpty ? [ValidationError(error)] : problems)
        }
    }

    /// The members that stand twice in an object, wherever it is.
    private static func repetitions(in value: JSONValue, at place: JSONPlace) -> [ValidationError] {
        var seen: Set<String> = []
        let own = value.members.flatMap { key, member -> [ValidationError] in
            let inside = place.member(key.text)
            let repetition = ValidationError(field: inside.text, value: nil, message: "is given twice")
            return (seen.insert(key.text).inserted ? [] : [repetition]) + repetitions(in: member, at: inside)
        }
        return own + value.elements.enumerated().flatMap { repetitions(in: $1, at: place.element($0)) }
    }
}

extension ValidationError {
    /// Names the place in the text, and tells nothing of it but a character.
    fileprivate init(_ problem: Problem, in bytes: [UInt8]) {
        let offset = problem.range.lowerBound
        let place = SourcePosition.positions(of: [offset], in: bytes)[offset] ?? .start
        self.init(
            field: "body", value: nil,
            message: "is not JSON: line \(place.line), column \(place.column): \(problem.summary)")
    }
}
