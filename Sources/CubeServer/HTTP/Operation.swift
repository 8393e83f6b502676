import CubeErrors
import HTTPTypes

/// What a route does, for whoever calls it: its part of the description of the interface that its inputs do not tell.
struct Operation: Sendable {
    /// What programs call it that are generated from the description.
    let id: String
    /// In a sentence.
    let summary: String
    let answers: [Answer]
    /// Why it refuses, beyond what every route refuses.
    let errors: [ErrorReason]

    init(_ id: String, _ summary: String, _ answers: Answer..., errors: [ErrorReason] = []) {
        self.id = id
        self.summary = summary
        self.answers = answers
        self.errors = errors
    }

    /// A way in which a call succeeds.
    struct Answer: Sendable {
        let status: Int
        let summary: String
        /// The media type of its body, and what stands in it; `nil` where it has none.
        let content: (type: String, schema: Schema)?

        static func ok<Value: Described>(_ type: Value.Type, _ summary: String = "As asked.") -> Answer {
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
    /// Why a call of this route may be refused, with the status of each answer.
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
