import CubeCore
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
            var found: [ValidationError] = []
            Self.findRepetitions(in: document.root, at: JSONPlace(), &found)
            throw .invalid(found)
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

    /// How many repetitions are told.
    private static let limit = 100

    /// Finds the members that stand twice in an object, wherever it is. A key may be as long as a body: only its beginning is told.
    private static func findRepetitions(in value: JSONValue, at place: JSONPlace, _ found: inout [ValidationError]) {
        var seen: Set<String> = []
        for (key, member) in value.members where found.count < limit {
            let isRepeated = !seen.insert(key.text).inserted
            guard isRepeated || [.object, .array].contains(member.kind) else { continue }
            let inside = place.member(key.text.harmless.shortened(to: 60))
            if isRepeated { found.append(ValidationError(field: inside.text, value: nil, message: "is given twice")) }
            findRepetitions(in: member, at: inside, &found)
        }
        for (index, element) in value.elements.enumerated() where found.count < limit {
            findRepetitions(in: element, at: place.element(index), &found)
        }
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
