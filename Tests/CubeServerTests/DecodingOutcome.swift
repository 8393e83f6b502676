import CubeJSON

/// What a decoder makes of a text: a value, by its text, or an error, by its kind and path.
enum DecodingOutcome: Equatable {
    case value(String)
    case missing(key: String, path: [String])
    case null(path: [String])
    case otherType(path: [String])
    case invalid(path: [String])
    case failure(String)

    var isInvalid: Bool { if case .invalid = self { true } else { false } }

    init(_ decode: () throws -> some Encodable) {
        func names(_ path: [any CodingKey]) -> [String] { path.map(\.stringValue) }
        do {
            self = .value(String(decoding: try JSONBytesEncoder.bytes(of: decode()), as: UTF8.self))
        } catch DecodingError.keyNotFound(let key, let context) {
            self = .missing(key: key.stringValue, path: names(context.codingPath))
        } catch DecodingError.valueNotFound(_, let context) {
            self = .null(path: names(context.codingPath))
        } catch DecodingError.typeMismatch(_, let context) {
            self = .otherType(path: names(context.codingPath))
        } catch DecodingError.dataCorrupted(let context) {
            self = .invalid(path: names(context.codingPath))
        } catch {
            self = .failure("\(error)")
        }
    }
}
