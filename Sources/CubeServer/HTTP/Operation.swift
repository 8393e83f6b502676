import CubeErrors
import HTTPTypes

/// The part of a route's description in the OpenAPI document that does not follow from its inputs.
struct Operation: Sendable {
    /// The operation's id, which code generators use as a function name.
    let id: String
    /// A summary, in one sentence.
    let summary: String
    let answers: [Answer]
    /// The reasons for errors, in addition to those of every route.
    let errors: [ErrorReason]

    init(_ id: String, _ summary: String, _ answers: Answer..., errors: [ErrorReason] = []) {
        self.id = id
        self.summary = summary
        self.answers = answers
        self.errors = errors
    }

    /// A successful response.
    struct Answer: Sendable {
        let status: Int
        let summary: String
        /// The media type and schema of the body; `nil` if there is no body.
        let content: (type: String, schema: Schema)?

        static func ok<Value: Described>(_ type: Value.Type, _ summary: String = "Success.") -> Answer {
            json(200, type, summary)
        }

        static func json<Value: Described>(_ status: Int, _ type: Value.Type, _ summary: String) -> Answer {
            Answer(status: status, summary: summary, content: ("application/json", Value.schema))
        }

        static func text(_ type: String = "text/plain", _ summary: String) -> Answer {
            Answer(status: 200, summary: summary, content: (type, .string))
        }

        static func nothing(_ summary: String) -> Answer { Answer(status: 204, summary: summary, content: nil) }
    }
}

extension Route {
    /// The reasons for which this route can fail, by HTTP status.
    var refusals: [Int: [ErrorReason]] {
        var reasons = Set(operation.errors)
        reasons.formUnion([.forbiddenHost, .internal, .unavailable])
        if case .roles = access { reasons.formUnion([.unauthorized, .forbidden, .tooManyRequests]) }
        if !inputs.isEmpty { reasons.insert(.validationFailed) }
        if inputs.contains(where: { $0.place == .path }) { reasons.insert(.routeNotFound) }
        if takesBody { reasons.formUnion([.unsupportedMediaType, .bodyTooLarge]) }
        if method != .get { reasons.insert(.storageFull) }
        return Dictionary(grouping: reasons, by: \.status).mapValues { $0.sorted { $0.rawValue < $1.rawValue } }
    }

    var takesBody: Bool { [.post, .put].contains(method) }
}
