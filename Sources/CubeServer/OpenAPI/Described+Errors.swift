import CubeErrors
import CubeJSON
import CubeVersion

extension APIError: DescribedObject {
    static let summary = "Why a call failed."
    static let offTheWire: Set = ["retryAfter", "isFromServer"]
    static let properties: [Property<APIError>] = [
        Property("code", \.code, "Like the HTTP status.", ["minimum": 400, "maximum": 599]),
        Property("reason", \.reason, "A stable word, by which a program tells errors apart."),
        Property("message", \.message, "For a person: the thing, the value and the rule."),
        Property("details", \.details, "Further facts, by name.", ["type": ["object", "null"]]),
        Property("fields", \.fields, "All fields of bad input that break a rule.", isRequired: false),
        Property("retry", \.retry, "Whether the same call, made again later, may succeed.", isRequired: false),
        Property(
            "request_id", \.requestID, "What the server's log has it under.", ["type": ["string", "null"]]),
    ]
}

extension ValidationError: DescribedObject {
    static let summary = "One field of bad input."
    static let properties: [Property<ValidationError>] = [
        Property("field", \.field, "Its path, such as `task.definition.cpu`."),
        Property("value", \.value, "What was given, shortened; absent where it was missing or is secret."),
        Property("message", \.message, "The rule that it breaks."),
    ]
}

extension VersionInfo: DescribedObject {
    static let summary = "The versions of a server."
    static let properties: [Property<VersionInfo>] = [
        Property("version", \.version, "Of the product, by the rules of semantic versioning."),
        Property("api", \.api, "Of the HTTP interface that it prefers: the `v1` of its paths."),
        Property("oldest_api", \.oldestAPI, "The oldest of the interface that it speaks.", isRequired: false),
    ]
}

/// The answer of `/healthz` and `/readyz` while all is well.
struct Health: Codable {
    var status: String
}

extension Health: DescribedObject {
    static let summary = "That all is well."
    static let properties: [Property<Health>] = [Property("status", \.status, "`ok`, `ready` or `accepted`.")]
}
